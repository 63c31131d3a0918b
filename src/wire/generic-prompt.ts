/** A longer prompt says something, whatever it is. */
const CHARACTERS_MAX = 400;

/** What says nothing about an assistant: it is one, and a good one. Words of one language, between single spaces. */
const EN_ADJECTIVE =
  '(?:very |most |highly )?(?:helpful|friendly|polite|kind|honest|harmless|useful|smart|intelligent|knowledgeable|capable|respectful|powerful|advanced|good|great|general purpose|all purpose|versatile|reliable|ai|a i|artificial intelligence|virtual|digital|personal|chat|chatbot|language|large language|conversational)';
const EN_NOUN = '(?:assistant|ai|a i|bot|chatbot|chat bot|model|llm|helper|agent|system)';
const EN_TAIL =
  '(?: (?:designed|built|made|here|created|trained|developed|ready) to (?:help|assist)| (?:that|who|which) (?:can )?(?:helps?|assists?))(?: (?:users?|people|the user|me|us|you|others|everyone))?(?: (?:with|in) (?:(?:any|all|their|various|many|different|general|a variety of|a wide range of|my|your) )*(?:tasks?|questions?|requests?|needs?|things|things they need|anything|everything|whatever they need))?';
const EN_MAKER =
  '(?: (?:created|made|trained|developed|built) by (?:openai|anthropic|google|google deepmind|meta|meta ai|microsoft|mistral|mistral ai|alibaba|alibaba cloud|deepseek|cohere|ibm|nvidia|xai|x ai|zhipu ai|moonshot ai))';
const EN_NAME =
  '(?:chatgpt|gpt|gpt 4|gpt 4o|gpt 5|claude|gemini|gemma|llama|mistral|mixtral|qwen|deepseek|deepseek chat|granite|command r|grok|copilot|phi|kimi|glm)';
const EN_THING = `(?:an? |the |my |your )?(?:${EN_ADJECTIVE} (?:and )?)*${EN_NOUN}`;

const PATTERNS: readonly string[] = [
  // English
  `(?:you are|you re|youre|you will be|you are now|act as|be|i am|i m|this is) ${EN_THING}(?:${EN_MAKER})?(?:${EN_TAIL})?`,
  `(?:you are|you re|youre|act as) (?:called |named )?${EN_NAME}(?: (?:${EN_THING}))?(?:${EN_MAKER})?(?:${EN_TAIL})?`,
  `(?:an? )?(?:${EN_ADJECTIVE} (?:and )?)+${EN_NOUN}`,
  '(?:please )?(?:always )?be (?:as )?(?:helpful|friendly|polite|kind|honest|harmless)(?: (?:and )?(?:helpful|friendly|polite|kind|honest|harmless))*(?: as possible)?',
  '(?:please )?(?:always )?(?:help|assist) (?:the )?(?:user|users|me|people)(?: with (?:any|all|their|my|the)? ?(?:tasks?|questions?|requests?))?(?: as (?:best|well) (?:as )?you can)?',
  '(?:please )?(?:always )?(?:answer|respond to) (?:(?:the|any|all|my|every) )*(?:user s |users |user )?(?:questions?|requests?)(?: as (?:best|well|helpfully) (?:as )?(?:you can|possible))?',
  '(?:please )?(?:always )?(?:answer|respond) (?:as )?(?:helpfully|politely)(?: as possible)?',
  '(?:your|the) (?:job|task|goal|role|purpose) is to (?:help|assist)(?: (?:the )?(?:user|users|people|me))?',
  '(?:how can i (?:help|assist) you(?: today)?|i am here to help(?: you)?)',
  // German
  '(?:du bist|sie sind|ich bin) ein(?:e)? (?:(?:sehr )?(?:hilfreiche[rs]?|hilfsbereite[rs]?|freundliche[rs]?|nützliche[rs]?|höfliche[rs]?|intelligente[rs]?|kluge[rs]?|ehrliche[rs]?|virtuelle[rs]?|digitale[rs]?|ki)(?: und)? )*(?:ki )?(?:assistent|assistentin|ki assistent|assistenzsystem|sprachmodell|chatbot|helfer|helferin)',
  '(?:bitte )?(?:sei|seien sie) (?:hilfreich|freundlich|höflich)(?: und (?:hilfreich|freundlich|höflich))?',
  // French
  '(?:tu es|vous êtes|je suis) une? (?:(?:assistante?|modèle de langage|chatbot|agent)(?: (?:ia|virtuele?|virtuelle?|numérique|conversationnel|d ia))?)(?: (?:très )?(?:utile|serviable|amical|sympathique|bienveillante?|poli|honnête|intelligente?|compétente?|et))*',
  // Spanish
  '(?:eres|usted es|soy) una? (?:(?:útil|amable) )?(?:asistente|modelo de lenguaje|chatbot)(?: (?:virtual|digital|ia|de ia|de inteligencia artificial))?(?: (?:muy )?(?:útil|servicial|amable|amigable|honesto|educado|inteligente|y))*',
  // Portuguese
  '(?:você é|tu és|sou) uma? (?:assistente|modelo de linguagem|chatbot)(?: (?:virtual|digital|ia|de ia|de inteligência artificial))?(?: (?:muito )?(?:útil|prestativ[oa]|amigável|gentil|honest[oa]|educad[oa]|inteligente|e))*',
  // Italian
  '(?:sei|lei è|sono) un(?: ?a)? ?(?:assistente|modello linguistico|chatbot)(?: (?:virtuale|digitale|ia|ai|di ia))?(?: (?:molto )?(?:utile|disponibile|gentile|amichevole|onesto|cortese|intelligente|e))*',
  // Dutch
  '(?:je bent|jij bent|u bent|ik ben) een (?:(?:zeer )?(?:behulpzame|vriendelijke|nuttige|beleefde|eerlijke|slimme|virtuele|digitale|ai)(?: en)? )*(?:ai )?(?:assistent|assistente|chatbot|taalmodel)',
  // Polish, Czech
  '(?:jesteś|jestem) (?:(?:pomocnym|przydatnym|przyjaznym|uprzejmym|wirtualnym|inteligentnym)(?: i)? )*asystentem(?: (?:ai|si))?',
  '(?:jsi|jste|jsem) (?:(?:užitečný|nápomocný|přátelský|virtuální|ochotný)(?: a)? )*(?:ai )?asistent',
  // Swedish, Danish, Norwegian
  '(?:du är|du er|jag är|jeg er) en (?:(?:hjälpsam|hjælpsom|hjelpsom|vänlig|venlig|vennlig|nyttig|användbar|ai)(?: och| og)? )*(?:ai )?(?:assistent|chatbot)',
  // Russian, Ukrainian
  '(?:ты|вы|я) (?:(?:полезный|дружелюбный|вежливый|умный|виртуальный|отзывчивый|услужливый|ии)(?: и)? )*(?:ии )?(?:ассистент|помощник|чат бот)',
  '(?:ти|ви|я) (?:(?:корисний|дружній|ввічливий|розумний|віртуальний)(?: і| та)? )*(?:ші )?(?:асистент|помічник)',
  // Turkish, Indonesian, Vietnamese
  '(?:sen|siz|ben) (?:(?:yardımsever|faydalı|yararlı|kibar|sanal)(?: ve)? )*bir (?:(?:yapay zeka|yardımsever|faydalı) )?asistan(?:sın|sınız|ım|ısın|ı|ısınız)?',
  '(?:anda|kamu|saya) adalah asisten(?: (?:ai|virtual|digital))?(?: (?:yang )?(?:membantu|ramah|berguna|dan))*',
  'bạn là (?:một )?trợ lý(?: (?:ai|ảo|trí tuệ nhân tạo))?(?: (?:hữu ích|thân thiện|và))*',
  // Arabic, Hindi
  'أنت مساعد(?: (?:ذكي|مفيد|ودود|افتراضي|لطيف|ذكاء اصطناعي))*',
  '(?:आप|तुम) एक (?:(?:सहायक|मददगार|उपयोगी|विनम्र|ai|एआई) )*(?:सहायक|असिस्टेंट|मॉडल) (?:हैं|हो)',
];

/** Languages that write no spaces between words: they are left out. */
const DENSE_PATTERNS: readonly string[] = [
  '(?:你|您)(?:现在)?是(?:一个|一位|一名|个|名)?(?:非常)?(?:(?:有用|有帮助|乐于助人|友好|友善|智能|聪明|有礼貌)的?|和|且|、)*(?:ai|人工智能|虚拟|智能)?(?:助手|助理|语言模型|大语言模型|聊天机器人)',
  '你是(?:一個|一位)?(?:非常)?(?:(?:有用|有幫助|樂於助人|友善|友好|智慧)的?|和|且|、)*(?:ai|人工智慧|虛擬)?(?:助手|助理|語言模型)',
  '(?:あなたは|私は)(?:(?:とても)?(?:親切|役に立つ|役立つ|有能|丁寧|フレンドリー|優秀|有用)(?:な|で)?)*(?:ai|人工知能)?(?:の)?アシスタント(?:です|だ|である)?',
  '(?:당신은|너는|저는)(?:(?:도움이되는|유용한|친절한|똑똑한|유능한|정중한))*(?:ai|인공지능)?(?:어시스턴트|비서|조수|도우미|챗봇)(?:입니다|이다|야|이야)?',
  'คุณ(?:คือ|เป็น)ผู้ช่วย(?:ai|เอไอ)?(?:ที่)?(?:มีประโยชน์|เป็นมิตร)*',
];

/** One sentence that says nothing, as `wordsOf` gives it. */
const GENERIC = new RegExp(`^(?:${PATTERNS.join('|')})$`, 'u');
const GENERIC_DENSE = new RegExp(`^(?:${DENSE_PATTERNS.join('|')})$`, 'u');

/**
 * Whether a system prompt says nothing beyond that there is a helpful assistant, in one of some thirty
 * languages. Every sentence of it has to: a name, a subject, a format, a language, a limit or a fact
 * makes it the client's own. Reads at most 400 characters.
 */
export function isGenericPrompt(prompt: string): boolean {
  if (prompt.length > CHARACTERS_MAX) return false;
  return prompt
    .normalize('NFKC')
    .toLowerCase()
    .split(/[.!?;:\n。！？।؟]/u)
    .every((sentence) => {
      const words = wordsOf(sentence);
      return words === '' || GENERIC.test(words) || GENERIC_DENSE.test(words.replaceAll(' ', ''));
    });
}

/** The words of a sentence between single spaces: without punctuation, symbols and emoji. */
function wordsOf(sentence: string): string {
  return sentence.replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, ' ').trim();
}
