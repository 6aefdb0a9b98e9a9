"""Invented names and sentences: no real state, firm or person is ever claimed to do anything."""

from random import Random

_FIRST = ("Al", "Bel", "Cor", "Dra", "El", "Fen", "Gal", "Hel", "Ist", "Jor", "Kal", "Lor", "Mar", "Nor", "Or",
          "Pel", "Quin", "Ras", "Sil", "Tor", "Ul", "Var", "Wes", "Xan", "Yor", "Zel")  # fmt: skip
_MIDDLE = ("a", "e", "i", "o", "u", "an", "en", "in", "on", "ar", "er", "ir", "or", "é", "ü", "ø", "al", "el")
_LAST = ("dia", "gard", "land", "mont", "nia", "ria", "stan", "tec", "tis", "via", "von", "wick", "xis", "zen",
         "dyne", "mark", "cor", "sta", "ly", "ren")  # fmt: skip
_TRADES = (("Systems", "Systèmes"), ("Defence", "Défense"), ("Armour", "Blindés"), ("Aerospace", "Aéronautique"),
           ("Naval", "Naval"), ("Munitions", "Munitions"), ("Electronics", "Électronique"), ("Optics", "Optique"),
           ("Holding", "Holding"), ("Propulsion", "Propulsion"), ("Robotics", "Robotique"), ("Steel", "Acier"))  # fmt: skip
_FORMS = ("SA", "AG", "plc", "NV", "Oy", "AB", "SpA", "GmbH", "a.s.", "Ltd")
_ENGLISH = tuple(("the ministry announces signs delivers first batch under contract with industry which will supply vehicles "
            "guns radios and training for land forces over several years according to both governments while talks on "
            "price schedule options continue and a new line is expected next to existing plant partners share work").split())  # fmt: skip
_FRENCH = tuple(("le ministère annonce signe livre un premier lot au titre du contrat avec industrie qui fournira véhicules "
           "canons radios et formation pour les forces terrestres sur plusieurs années selon les deux gouvernements "
           "tandis que les discussions sur prix calendrier options continuent une nouvelle ligne est attendue").split())  # fmt: skip


class Words:
    """Names and sentences drawn by one generator of chance."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def name(self) -> str:
        """A proper name of two to four syllables."""
        middle = "".join(self._random.choices(_MIDDLE, k=self._random.choice((0, 1, 1, 2))))
        return self._random.choice(_FIRST) + middle + self._random.choice(_LAST)

    def firm(self) -> tuple[str, str, str]:
        """The English and the French label of a firm, and its acronym."""
        first, second = self.name(), self.name()
        english, french = self._random.choice(_TRADES)
        form = self._random.choice(_FORMS)
        whole = first if self._random.random() < 0.6 else f"{first} {second}"
        acronym = "".join(word[0] for word in f"{first} {second} {english}".split()) + form[0].upper()
        return f"{whole} {english} {form}", f"{whole} {french} {form}", acronym

    def person(self) -> str:
        """A person's name."""
        return f"{self.name()} {self.name()}"

    def sentences(self, length: int) -> tuple[str, str]:
        """A sentence of so many words in English and in French."""
        english, french = self._random.choices(_ENGLISH, k=length), self._random.choices(_FRENCH, k=length)
        return " ".join(english).capitalize() + ".", " ".join(french).capitalize() + "."
