/** What a word is beside its meaning. A word may be several at once: bits. */
export const WORD = {
  /** Says little by itself: articles, pronouns, auxiliaries, prepositions. */
  filler: 1,
  number: 2,
  negation: 4,
  question: 8,
  /** One of the `OPPOSITES`. */
  directed: 16,
  /** One of the `RIVALS`. */
  rival: 32,
  /** Written with a capital letter, not at the beginning. */
  name: 64,
} as const;

const list = (text: string): readonly string[] => text.trim().split(/\s+/);

const FILLERS = list(`
  a an the this that these those i me my mine you your yours we us our ours it its he him his she her
  they them their is are was were be been being am do does did done doing have has had having can could
  will would shall should may might must to of in on at by for from with as and or if then so than
  there here please just really actually kindly hi hello hey thanks thank some any s t m re ve d ll
  im ive id dont doesnt isnt arent whats hows about into onto also too very would like want need get got
  possible way best good tell know let give me help
`);

const NEGATIONS = list(`
  not no never none nothing nobody without cannot cant dont doesnt didnt isnt arent wasnt werent wont
  wouldnt shouldnt couldnt havent hasnt hadnt aint neither nor unable except nicht kein keine nie ohne
  pas jamais sans non nunca sin senza mai nao sem
`);

const QUESTIONS = list(`
  what which who whom whose when where why how was wer wann wo warum wie welche que qui quand pourquoi
  comment quel quelle quien cuando donde porque como cual che chi quando dove perche quale
`);

const NUMBERS = list(`
  zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
  seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand
  million billion first second third fourth fifth sixth seventh eighth ninth tenth half double triple
  twice once
`);

/** Where the one stands against the other, the answers differ. */
export const OPPOSITES: readonly (readonly [string, string])[] = list(`
    more:less more:fewer most:least increase:decrease increase:reduce raise:lower rise:fall grow:shrink
    gain:lose before:after first:last up:down in:out on:off over:under above:below inside:outside
    enter:exit open:close start:stop begin:end activate:deactivate enable:disable lock:unlock
    block:unblock freeze:unfreeze connect:disconnect install:uninstall subscribe:unsubscribe add:remove
    add:delete create:delete buy:sell send:receive lend:borrow give:take push:pull import:export
    upload:download encrypt:decrypt compress:decompress deposit:withdraw credit:debit pay:charge
    accept:reject accept:decline allow:deny allow:forbid approve:decline win:lose win:lost love:hate
    like:dislike hot:cold warm:cool cheap:expensive cheapest:dearest high:low higher:lower highest:lowest
    big:small bigger:smaller biggest:smallest large:small larger:smaller largest:smallest long:short
    longer:shorter longest:shortest fast:slow faster:slower fastest:slowest old:new older:newer
    old:young older:younger oldest:youngest good:bad better:worse best:worst right:wrong true:false safe:unsafe safe:dangerous legal:illegal
    healthy:unhealthy male:female man:woman men:women boy:girl boys:girls mother:father husband:wife
    brother:sister son:daughter left:right north:south east:west morning:evening day:night early:late
    earlier:later arrive:depart arrival:departure incoming:outgoing internal:external public:private
    min:max minimum:maximum positive:negative pro:con pros:cons advantage:disadvantage
    advantages:disadvantages benefit:risk benefits:risks cause:cure causes:cures cause:prevent
    cause:treat symptom:treatment symptoms:treatment mount:unmount pin:unpin follow:unfollow hide:show
    zip:unzip merge:split expand:collapse include:exclude with:without always:never show:hide mute:unmute
    check-in:check-out checkin:checkout refund:charge refund:order breakfast:dinner lunch:dinner past:future previous:next
    single:married full:empty input:output read:write source:target parent:child teacher:student
    employer:employee landlord:tenant doctor:patient buyer:seller sender:recipient
    sender:receiver boil:freeze melt:freeze cook:freeze to:from gain:loss weight:height import:export
    turn-on:turn-off virgin:dead physical:virtual domestic:international income:expense
    asset:liability debt:equity bull:bear iphone:android mac:windows
  `).map((pair) => pair.split(':') as [string, string]);

/** Words of one list exclude each other: a question with the one is another question than with the other. */
export const RIVALS: readonly (readonly string[])[] = [
  list(
    'monday tuesday wednesday thursday friday saturday sunday weekday weekdays weekend weekends',
  ),
  list('today tomorrow yesterday tonight'),
  list('january february march april may june july august september october november december'),
  list('spring summer autumn fall winter'),
  list('red orange yellow green blue purple violet pink brown black white grey gray silver gold'),
  list(
    'usd eur gbp jpy chf cad aud inr cny dollar dollars euro euros pound pounds yen franc francs rupee rupees yuan peso pesos won',
  ),
  list(
    'meter meters metre metres kilometer kilometers kilometre kilometres km mile miles foot feet inch inches yard yards centimeter centimeters cm millimeter millimeters mm',
  ),
  list(
    'gram grams kilogram kilograms kg pound pounds ounce ounces lb lbs oz ton tons tonne tonnes stone',
  ),
  list(
    'liter liters litre litres gallon gallons pint pints cup cups quart quarts tablespoon tablespoons teaspoon teaspoons ml',
  ),
  list('celsius fahrenheit kelvin'),
  list(
    'second seconds minute minutes hour hours day days week weeks month months year years decade century',
  ),
  list('daily weekly monthly quarterly yearly annually annual hourly'),
  list('kb mb gb tb kilobyte megabyte gigabyte terabyte'),
  list(
    'english german french spanish italian portuguese dutch russian chinese mandarin japanese korean arabic hindi turkish polish swedish greek latin',
  ),
  list(
    'python java javascript typescript c cpp rust go golang ruby php perl swift kotlin scala haskell sql bash matlab r',
  ),
  list('windows linux macos mac ubuntu android ios iphone ipad'),
  list('breakfast lunch dinner brunch supper'),
  list('visa mastercard amex paypal sepa swift ach cash cheque check'),
  list('mercury venus earth mars jupiter saturn uranus neptune pluto moon sun'),
  list('morning noon afternoon evening night midnight'),
  list('north south east west'),
  list('bachelor bachelors master masters phd doctorate diploma'),
  list('dog dogs cat cats horse horses cow cows rabbit rabbits bird birds'),
  list('who what when where why'),
];

interface Entry {
  bits: number;
  /** Ids of lists that it is a rival in. */
  rivals: number[];
  opposites: string[];
}

const ENTRIES = new Map<string, Entry>();

function entryOf(word: string): Entry {
  let entry = ENTRIES.get(word);
  if (entry === undefined) {
    entry = { bits: 0, rivals: [], opposites: [] };
    ENTRIES.set(word, entry);
  }
  return entry;
}

for (const word of FILLERS) entryOf(word).bits |= WORD.filler;
for (const word of NEGATIONS) entryOf(word).bits |= WORD.negation;
for (const word of QUESTIONS) entryOf(word).bits |= WORD.question;
for (const word of NUMBERS) entryOf(word).bits |= WORD.number;
for (const [one, other] of OPPOSITES) {
  for (const [a, b] of [
    [one, other],
    [other, one],
  ] as const) {
    const entry = entryOf(a);
    entry.bits |= WORD.directed;
    entry.opposites.push(b);
  }
}
RIVALS.forEach((words, id) => {
  for (const word of words) {
    const entry = entryOf(word);
    entry.bits |= WORD.rival;
    entry.rivals.push(id);
  }
});

export const bitsOf = (word: string): number => ENTRIES.get(word)?.bits ?? 0;

export function areOpposite(a: string, b: string): boolean {
  return ENTRIES.get(a)?.opposites.includes(b) ?? false;
}

/** Two different words of one list. */
export function areRivals(a: string, b: string): boolean {
  const of = ENTRIES.get(a)?.rivals;
  const other = ENTRIES.get(b)?.rivals;
  return of !== undefined && other !== undefined && of.some((id) => other.includes(id));
}
