'use movable';

/** Text that grows by single characters, is read character by character, and is cut and converted. */
export function main(n: number): number {
  let text = '';
  let hash = 0;
  for (let i = 0; i < n; i++) {
    text += String.fromCharCode(97 + (i % 26));
    if (text.length > 64) {
      for (let k = 0; k < text.length; k++) hash = (hash * 31 + text.charCodeAt(k)) | 0;
      text = text.slice(32).toUpperCase().toLowerCase();
    }
  }
  return hash;
}
