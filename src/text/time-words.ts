/**
 * Words that tie a question to the moment or the place in which it is asked. Each alone is enough; two words are looked
 * for side by side. Several languages; folded to lower case.
 */
const NOW = new Set(
  `today tonight tomorrow yesterday now nowadays currently current latest newest recent recently lately
  upcoming live breaking ongoing forecast weather rightnow asap nearby
  heute heutige heutigen morgen gestern jetzt aktuell aktuelle aktuellen aktueller derzeit gerade momentan neueste neuesten neulich wetter
  aujourdhui demain hier maintenant actuellement actuel actuelle récent récemment dernière dernières meteo météo
  hoy ayer ahora mañana actual actualmente reciente últimas últimos clima
  oggi domani ieri adesso ora attuale attualmente recente ultime meteo
  hoje amanhã ontem agora atual atualmente recente últimas
  vandaag morgen gisteren nu momenteel huidige laatste
  dzisiaj jutro wczoraj teraz obecnie сегодня завтра вчера сейчас текущий последние
  今天 明天 昨天 现在 目前 最新 今日 今 現在 오늘 내일 어제 지금 최신 आज कल अभी اليوم غدا الآن أمس bugün yarın şimdi`.split(
    /\s+/,
  ),
);

const NOW_PAIRS = new Set(
  `right.now at.present this.week this.month this.year this.morning this.evening this.afternoon this.quarter this.season
  next.week next.month next.year last.week last.month last.year last.night so.far as.of up.to.date
  how.old what.time what.day what.date which.day stock.price share.price exchange.rate near.me open.now is.open still.open
  my.order my.balance my.account my.package my.parcel my.flight my.delivery my.payment my.refund my.card my.bill my.ticket my.subscription
  um.wie.viel wie.spät diese.woche nächste.woche letzte.woche mein.konto meine.bestellung meine.lieferung
  cette.semaine en.ce ma.commande mon.compte quelle.heure
  esta.semana este.mes mi.pedido mi.cuenta qué.hora
  score.of news.about price.of`.split(/\s+/),
);

/** Scripts without spaces: the words are looked for anywhere. */
const UNSPACED = [
  '今天',
  '明天',
  '昨天',
  '现在',
  '目前',
  '最新',
  '今日',
  '現在',
  '今週',
  '来週',
  '今年',
  '今月',
];

const CHARACTERS_MAX = 4_000;

/** Whether the answer to a question depends on when, or for whom at that moment, it is asked, as far as its words tell. */
export function isTimeSensitive(text: string): boolean {
  const read = (text.length > CHARACTERS_MAX ? text.slice(0, CHARACTERS_MAX) : text)
    .toLowerCase()
    .replaceAll(/['’]/g, '');
  let previous = '';
  for (const [word] of read.matchAll(/[\p{L}\p{N}]+/gu)) {
    if (NOW.has(word) || NOW_PAIRS.has(`${previous}.${word}`)) return true;
    previous = word;
  }
  return UNSPACED.some((word) => read.includes(word));
}
