/** Building elements. Outside data becomes text or attributes, never markup. */

/**
 * @param {string} tag
 * @param {Object<string, string>} attributes
 * @param {...(Node|string)} children
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Sets the text only when it changed: the page says hundreds of numbers a second. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
