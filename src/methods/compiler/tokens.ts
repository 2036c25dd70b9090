const trivia = /(?:[\s\uFEFF]|\/\/[^\n\r\u2028\u2029]*|\/\*[^]*?\*\/)*/y;
const word = /#?(?:[\p{ID_Continue}$\u200C\u200D]|\\u[0-9a-fA-F]{4}|\\u\{[0-9a-fA-F]+\})*/uy;

/** Where the next token stands, after white space and comments. */
export function nextToken(source: string, offset: number): number {
  trivia.lastIndex = offset;
  trivia.exec(source);
  return trivia.lastIndex;
}

/** The end of the identifier that starts at an offset; escapes in it count as written. */
export function wordEnd(source: string, offset: number): number {
  word.lastIndex = offset;
  word.exec(source);
  return word.lastIndex;
}
