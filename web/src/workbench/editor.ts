/** YASGUI's editor (YASQE), completing from our own ontology and asking no other host for anything. */

import "@zazuko/yasqe/build/yasqe.min.css";
import Yasqe, { type Hint } from "@zazuko/yasqe";
import { el, says } from "../dom.ts";
import { declared } from "./prefixes.ts";
import { type Suggestion, fitting } from "./service.ts";

const NAME = "armature";

export class Editor {
  readonly yasqe: Yasqe;
  private marks: { clear(): void }[] = [];

  constructor(place: HTMLElement, text: string, endpoint: string, suggestions: Promise<Suggestion[]>, run: () => void) {
    complete(suggestions);
    this.yasqe = new Yasqe(place, {
      value: text,
      autocompleters: [NAME, "variables"],
      persistenceId: null,
      prefixCcApi: null,
      consumeShareLink: null,
      showQueryButton: false,
      resizeable: false,
      editorHeight: "22rem",
      lineWrapping: true,
      requestConfig: { endpoint },
      screenReaderLabel: says("SPARQL query", "Requête SPARQL"),
      extraKeys: {
        "Ctrl-Enter": run,
        "Cmd-Enter": run,
        "Ctrl-Space": () => this.yasqe.autocomplete(),
        "Ctrl-/": () => this.yasqe.commentLines(),
        "Shift-Ctrl-F": () => this.yasqe.autoformat(),
        // The keyboard must be able to leave: Tab goes on as everywhere.
        Tab: false as unknown as string,
        "Shift-Tab": false as unknown as string,
      },
    });
    this.yasqe.on("autocompletionShown", () => this.name());
  }

  /** The list of suggestions, told to screen readers. */
  private name(): void {
    for (const list of this.yasqe.rootEl.querySelectorAll(".CodeMirror-hints")) {
      list.setAttribute("aria-label", says("Suggestions", "Suggestions"));
    }
  }

  get text(): string {
    return this.yasqe.getValue();
  }

  set text(text: string) {
    this.clear();
    this.yasqe.setValue(text);
  }

  /** Declare the known prefixes that the query uses, and no others of ours: it then runs anywhere. */
  declare(prefixes: Record<string, string>): void {
    const wanted = declared(this.text, prefixes);
    if (wanted !== this.text) this.yasqe.setValue(wanted);
  }

  /** Mark the place (from 1) where a query stops being SPARQL, and go there. */
  mark(line: number, column: number, why: string): void {
    this.clear();
    const doc = this.yasqe.getDoc();
    const row = Math.min(Math.max(line - 1, 0), doc.lineCount() - 1);
    const length = doc.getLine(row).length;
    const from = Math.min(Math.max(column - 1, 0), Math.max(length - 1, 0));
    const to = Math.max(this.yasqe.getTokenAt({ line: row, ch: from + 1 }).end, from + 1);
    this.marks.push(doc.markText({ line: row, ch: from }, { line: row, ch: to }, { className: "refused", title: why }));
    this.yasqe.addLineClass(row, "background", "refused-line");
    this.marks.push({ clear: () => void this.yasqe.removeLineClass(row, "background", "refused-line") });
    this.yasqe.scrollIntoView({ line: row, ch: from }, 80);
    doc.setCursor({ line: row, ch: from });
  }

  clear(): void {
    for (const mark of this.marks) mark.clear();
    this.marks = [];
  }
}

function complete(suggestions: Promise<Suggestion[]>): void {
  let known: Suggestion[] = [];
  void suggestions.then((all) => (known = all));
  Yasqe.registerAutocompleter(
    {
      name: NAME,
      bulk: false,
      autoShow: true,
      isValidCompletionPosition: (yasqe) => {
        const token = yasqe.getCompleteToken();
        return yasqe.hasFocus() && /^[a-zA-Z][\w-]*:?[\w/-]*$/.test(token.string) && token.type !== "comment" && token.type !== "string";
      },
      get: async (_, token) => fitting(await suggestions, (token?.string ?? "").trim()).map((one) => one.text),
      postprocessHints: (_, hints) => hints.map((hint) => labelled(hint, known)),
    },
    true,
  );
}

function labelled(hint: Hint, known: Suggestion[]): Hint {
  const about = known.find((one) => one.text === hint.text);
  if (!about) return hint;
  const render = (into: HTMLElement) => {
    into.append(el("span", { class: "hint-name" }, about.text), el("span", { class: "hint-label" }, `${about.label} · ${about.sort}`));
  };
  return { ...hint, render };
}
