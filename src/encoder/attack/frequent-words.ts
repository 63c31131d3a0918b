/** Frequent short words, so that letters written apart can be cut into words where no space is left. */
export const FREQUENT_WORDS = `a about above all am an and any are as at be because been before begin being below best but by can code come could
  day did do does down each else end even every everything exactly few first for from full get give go good had hate has have he her here him his how i if
  in into is it its just know last let like line list love make many may me more most must my name need never new no not nothing now of off ok old on one
  only or other our out over own people please password really right said same say secret see she should so some stop such take tell than that the their
  them then there these they thing this those time to too trump two under up us use user very want was way we well were what when where which who why will
  with word words work world would write wrong yes you your`;
