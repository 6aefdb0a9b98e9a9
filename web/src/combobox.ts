/** A search box that suggests: the combobox pattern of ARIA 1.2 with a listbox, keyboard first. */

import { el, icon, language, says } from "./dom.ts";
import { type Found, type Hit, line, step } from "./hits.ts";

const PAUSE = 90;
const MOST = 8;
let made = 0;

/** Make suggestions under a search box of a form that goes to /search; `choose` is told which was taken. */
export class Combobox {
  private readonly list: HTMLUListElement;
  private readonly told: HTMLElement;
  private readonly answers = new Map<string, Found>();
  private hits: Hit[] = [];
  private active = -1;
  private pending: AbortController | undefined;
  private timer = 0;

  constructor(
    private readonly box: HTMLInputElement,
    private readonly choose: (hit: Hit) => void,
    private readonly search = box.form?.action ?? "/search",
    /** Whether the last line leads to all the hits. */
    private readonly leadsOn = true,
  ) {
    const id = `suggestions-${(made += 1)}`;
    const label = says("Suggestions", "Suggestions");
    this.list = el("ul", { id, role: "listbox", class: "suggestions", "aria-label": label, hidden: true });
    this.told = el("span", { class: "unseen", role: "status" });
    box.after(this.list, this.told);
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": id,
      autocomplete: "off",
    })) {
      box.setAttribute(name, value);
    }
    this.listen();
  }

  private listen(): void {
    this.box.addEventListener("input", () => this.wait());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("focus", () => this.box.value.trim() && this.hits.length && this.open());
    this.box.addEventListener("blur", () => this.close());
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const taken = (event.target as Element).closest("li");
      if (taken) this.take([...this.list.children].indexOf(taken));
    });
  }

  private wait(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), PAUSE);
  }

  private address(): string {
    const asked = new URL(this.search, document.baseURI);
    for (const field of this.box.form?.elements ?? []) {
      if (field instanceof HTMLSelectElement && field.value) asked.searchParams.set(field.name, field.value);
    }
    asked.searchParams.set("q", this.box.value);
    asked.searchParams.set("limit", String(MOST));
    asked.searchParams.set("format", "json");
    return asked.href;
  }

  private async ask(): Promise<void> {
    this.pending?.abort();
    if (!this.box.value.trim()) {
      this.hits = [];
      this.close();
      return;
    }
    const address = this.address();
    const pending = (this.pending = new AbortController());
    try {
      const found = this.answers.get(address) ?? (await this.fetched(address, pending.signal));
      if (pending.signal.aborted || document.activeElement !== this.box) return;
      this.show(found);
    } catch {
      // Aborted, or the server cannot be reached: the form still works.
    }
  }

  private async fetched(address: string, signal: AbortSignal): Promise<Found> {
    const answer = await fetch(address, { signal, headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const found = (await answer.json()) as Found;
    this.answers.set(address, found);
    return found;
  }

  private show(found: Found): void {
    this.hits = found.hits;
    const lines = found.hits.map((hit, place) => this.option(hit, place));
    if (this.leadsOn && found.total > found.hits.length) lines.push(this.all(found));
    this.list.replaceChildren(...lines);
    this.told.textContent = found.hits.length
      ? says(`${found.total} found`, `${found.total} résultats`)
      : says("Nothing bears that name", "Rien ne porte ce nom");
    if (lines.length) this.open();
    else this.close();
  }

  private option(hit: Hit, place: number): HTMLLIElement {
    const shown = line(hit, language(), this.box.value, (name) => says(`formerly ${name}`, `anciennement ${name}`));
    return el(
      "li",
      { role: "option", id: `${this.list.id}-${place}`, "aria-selected": "false" },
      icon(hit.kind),
      el("span", { class: "name" }, shown.label),
      el("span", { class: "kind" }, shown.kind),
      shown.beside && el("span", { class: "beside" }, shown.beside),
    );
  }

  private all(found: Found): HTMLLIElement {
    const text = says(`All ${found.total} for “${found.query}”`, `Les ${found.total} pour « ${found.query} »`);
    return el("li", { role: "option", id: `${this.list.id}-all`, class: "all", "aria-selected": "false" }, text);
  }

  private key(event: KeyboardEvent): void {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open && this.hits.length) this.open();
      else if (!open) void this.ask();
      this.mark(step(this.active, event.key === "ArrowDown" ? 1 : -1, this.list.childElementCount));
    } else if (event.key === "Enter" && open && this.active >= 0) {
      event.preventDefault();
      this.take(this.active);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      this.close();
    } else if (event.key === "Tab") {
      this.close();
    }
  }

  private mark(place: number): void {
    this.active = place;
    [...this.list.children].forEach((line, at) => line.setAttribute("aria-selected", String(at === place)));
    const marked = this.list.children[place];
    if (marked) {
      this.box.setAttribute("aria-activedescendant", marked.id);
      marked.scrollIntoView({ block: "nearest" });
    } else {
      this.box.removeAttribute("aria-activedescendant");
    }
  }

  private take(place: number): void {
    const hit = this.hits[place];
    this.close();
    if (hit) this.choose(hit);
    else this.box.form?.requestSubmit();
  }

  private open(): void {
    this.list.hidden = false;
    this.box.setAttribute("aria-expanded", "true");
    this.mark(-1);
  }

  private close(): void {
    this.list.hidden = true;
    this.box.setAttribute("aria-expanded", "false");
    this.mark(-1);
  }
}

