"""The people whom the demo calls: made up, on numbers that are nobody's.

Every number is from a range that its regulator keeps free for fiction: 555-0100 to 555-0199 of each North
American area code (NANPA), and drama numbers of Ofcom in the United Kingdom. Some rows are dirty on purpose,
in the ways in which real lists are: the import must refuse them, with reasons, and take the others.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER = ("account", "name", "phone", "amount")
DIRTY_SHARE = 0.03
_AREA_CODES = """
201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248
251 252 253 254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316
317 318 319 320 321 323 330 331 334 336 337 339 347 351 352 360 361 386 401 402 404 405 406 407 408 409
410 412 413 414 415 417 419 423 424 425 430 432 434 435 440 443 469 478 479 480 484 501 502 503 504 505
507 508 509 510 512 513 515 516 517 518 520 530 540 541 551 559 561 562 563 567 570 571 573 574 580 585
586 601 602 603 605 606 607 608 609 610 612 614 615 616 617 618 619 620 623 626 630 631 636 641 646 650
651 660 661 662 678 682 701 702 703 704 706 707 708 712 713 714 715 716 717 718 719 720 724 727 731 732
734 740 754 757 760 763 765 769 770 772 773 774 775 781 785 786 801 802 803 804 805 806 808 810 812 813
814 815 816 817 818 828 830 831 832 843 845 847 848 850 856 857 858 859 860 862 863 864 865 870 901 903
904 906 907 908 909 910 912 913 914 915 916 917 918 919 920 925 928 931 936 937 940 941 947 949 951 952
954 956 970 971 972 973 978 979 980 985 989
"""
AREA_CODES = tuple(_AREA_CODES.split())
UK_STEMS = (
    "20 7946 0",
    "113 496 0",
    "114 496 0",
    "116 496 0",
    "117 496 0",
    "118 496 0",
    "121 496 0",
    "131 496 0",
    "141 496 0",
    "151 496 0",
    "161 496 0",
    "191 498 0",
    "28 9649 6",
    "29 2018 0",
)
_FIRST = "Ada Bruno Carla Dario Elena Fabio Grace Hugo Irene Jonas Karin Luca Marta Nils Olga Paolo Rosa Sven"
_LAST = "Abbott Bianchi Castle Duarte Ekman Ferri Grant Holm Ibarra Jensen Keller Lindt Moreau Novak Oliva"
FIRST, LAST = tuple(_FIRST.split()), tuple(_LAST.split())


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file; `dirty` names what is wrong with it ("" nothing)."""

    cells: tuple[str, str, str, str]
    dirty: str = ""


def numbers(seed: int) -> list[str]:
    """Every fictional number, in an order of this seed."""
    american = [f"+1 {area} 555 01{line:02d}" for area in AREA_CODES for line in range(100)]
    british = [f"+44 {stem}{line:03d}" for stem in UK_STEMS for line in range(1000)]
    order = american + british
    random.Random(f"numbers {seed}").shuffle(order)  # noqa: S311 - a simulation
    return order


def rows(seed: int, start: int, count: int) -> Iterator[Row]:
    """`count` rows of this seed, the first on the `start`-th number; fewer when all are used up.

    About 3 in 100 are dirty: a number twice, a number that can't be, none at all, a formula.
    """
    pool = numbers(seed)
    rng = random.Random(f"rows {seed} {start}")  # noqa: S311 - a simulation
    before = ""
    for place in range(start, min(start + count, len(pool))):
        name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
        phone, dirty = pool[place], ""
        amount = f"{rng.lognormvariate(6, 0.8):.2f}"
        if rng.random() < DIRTY_SHARE:
            dirty = rng.choice(("twice", "impossible", "missing", "formula"))
            if dirty == "twice" and not before:
                dirty = "missing"
            phone = {
                "twice": before,
                "impossible": f"555-{rng.randint(0, 99):02d}",
                "missing": "",
                "formula": phone,
            }[dirty]
            name = '=HYPERLINK("http://example.invalid")' if dirty == "formula" else name
        else:
            before = phone
        yield Row((f"D{seed}-{place:06d}", name, phone, amount), dirty)


def write(path: Path, seed: int, start: int, count: int) -> int:
    """Write a CSV file of `rows`; how many there are.

    Raises:
        OSError: the folder can't be written.
    """
    written = 0
    with path.open("w", encoding="utf-8", newline="") as handle:
        out = csv.writer(handle)
        out.writerow(HEADER)
        for row in rows(seed, start, count):
            out.writerow(row.cells)
            written += 1
    return written
