// The only module that sets an address on a node. An address is either plain http/https
// or it is not a link at all.

/** The address as a URL when it is http or https without hidden credentials, else null. */
export function webAddress(address) {
  if (typeof address !== "string" || !/^https?:\/\//i.test(address)) return null;
  try {
    const url = new URL(address);
    return url.username || url.password ? null : url;
  } catch {
    return null;
  }
}

/** An anchor to a web address, or null when the address is not one we follow. */
export function anchor(address, ...children) {
  const url = webAddress(address);
  if (!url) return null;
  const node = document.createElement("a");
  node.href = url.href;
  node.target = "_blank";
  node.rel = "noopener noreferrer";
  node.append(...children);
  return node;
}

/** A picture of this very origin, or null: the page fetches nothing from elsewhere. */
export function ownPicture(address, alternative) {
  const url = URL.canParse(address, location.href) ? new URL(address, location.href) : null;
  if (url?.origin !== location.origin) return null;
  const node = document.createElement("img");
  node.src = url.href;
  node.alt = alternative;
  node.loading = "lazy";
  return node;
}
