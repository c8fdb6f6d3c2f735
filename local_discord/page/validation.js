/** What is wrong with a value, in words, or "" when nothing is. */

/** A text from an input against its limits. */
export function textProblem(name, text, { required, minLength = 0, maxLength = Infinity }) {
  if (!text) return required ? `${name} is needed.` : "";
  if (text.length < minLength) return `${name} needs at least ${minLength} characters; it has ${text.length}.`;
  if (text.length > maxLength) return `${name} may have at most ${maxLength} characters; it has ${text.length}.`;
  return "";
}

/** What was typed for a number; `broken` says that the browser could not read it as one. */
export function numberProblem(name, text, { required, min = -Infinity, max = Infinity, whole, broken }) {
  if (broken) return `${name} must be a ${whole ? "whole " : ""}number.`;
  if (!text) return required ? `${name} is needed.` : "";
  const number = Number(text);
  if (!Number.isFinite(number) || (whole && !Number.isInteger(number)))
    return `${name} must be a ${whole ? "whole " : ""}number.`;
  return number < min || number > max ? `${name} must be ${range(min, max)}.` : "";
}

/** How many things are chosen, against how many may be. */
export function countProblem(name, count, { required = true, min = 1, max = 1 }) {
  if (!count && !required) return "";
  if (count < min) return min === 1 ? `${name}: choose one.` : `${name}: choose at least ${min}.`;
  return count > max ? `${name}: choose at most ${max}.` : "";
}

/** "between 1 and 4", "at least 0" or "at most 9"; "" without limits. */
export function range(min = -Infinity, max = Infinity) {
  if (Number.isFinite(min) && Number.isFinite(max)) return `between ${min} and ${max}`;
  if (Number.isFinite(min)) return `at least ${min}`;
  return Number.isFinite(max) ? `at most ${max}` : "";
}
