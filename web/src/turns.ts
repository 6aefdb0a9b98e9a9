/** Work that can wait, in turns so short that a reader notices none. */

type Later = (work: () => void) => void;

/** When the browser is idle; where it cannot tell, a moment later. */
const later: Later =
  typeof requestIdleCallback === "function" ? (work) => void requestIdleCallback(work) : (work) => void setTimeout(work, 30);

/** Does something to each, one in a turn. */
export function oneByOne<T>(things: Iterable<T>, work: (thing: T) => void, when: Later = later): void {
  const left = [...things];
  const turn = () => {
    const thing = left.shift();
    if (thing === undefined) return;
    work(thing);
    when(turn);
  };
  when(turn);
}
