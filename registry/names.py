"""What a name may be: of what is registered, of what is labelled, and of the files made of both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .errors import InvalidArgumentError, shortened

if TYPE_CHECKING:
    from pathlib import Path

PART = r"[A-Za-z0-9][A-Za-z0-9._-]*"
NAME = re.compile(rf"{PART}(/{PART})*")
FAMILY = "/*"
# A file that is named after it has room for more, such as a seed and a suffix.
LONGEST = 100

# Of labels, what a terminal would obey, what lets a text read as another one, and halves of
# characters, which no store holds.
REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# And all but what any system takes in the name of a file, and no shell for something else.
UNSAFE = re.compile(r"[^\w,+=@.-]+")
# What stands for a device on Windows, also in front of a suffix.
DEVICE = re.compile(r"(CON|PRN|AUX|NUL|(COM|LPT)[0-9¹²³])(\.|$)", re.IGNORECASE)
# Of the 255 that most systems take.
MOST_BYTES = 200


def is_name(name: Any) -> bool:
    """Whether something is a name: letters, digits and . _ - of ASCII, in parts between slashes.

    Each part begins with a letter or a digit, so that none means another folder, or an option.
    """
    return isinstance(name, str) and len(name) <= LONGEST and bool(NAME.fullmatch(name))


def require_name(kind: str, name: Any) -> None:
    """Refuse what can't name a thing of a kind.

    Raises:
        InvalidArgumentError: If it is no name; see `is_name`.
    """
    if not is_name(name):
        raise InvalidArgumentError(
            f"the {kind} {shortened(name)} is misnamed: use letters, digits and . _ - / only, at "
            f"most {LONGEST}, each part between slashes beginning with a letter or a digit."
        )


def label_fault(label: str) -> str | None:
    """Return what is wrong with a label, or None: any text will do that can be shown as it is."""
    found = REFUSED.search(label)
    if found is None:
        return None
    return f"holds U+{ord(found[0]):04X}, a control character, directional mark or lone surrogate"


def require_label(kind: str, label: str) -> None:
    """Refuse a label that can't be shown as it is.

    Raises:
        InvalidArgumentError: If it is empty, or holds what can't be shown.
    """
    fault = label_fault(label) if label.strip() else "is empty"
    if fault:
        raise InvalidArgumentError(
            f"the {kind} {shortened(label)} {fault}: use letters, digits, spaces and signs."
        )


def file_name(label: str) -> str:
    """Return a label as the name of one file or folder, which any system takes.

    Labels may differ and share such a name.

    >>> file_name("GridRobot-v0, new maps"), file_name("sb3/dqn"), file_name("../..")
    ('GridRobot-v0,-new-maps', 'sb3-dqn', '-')
    """
    safe = UNSAFE.sub("-", label).strip(".")
    if DEVICE.match(safe):
        safe = f"_{safe}"
    return safe.encode()[:MOST_BYTES].decode(errors="ignore").rstrip(".") or "-"


def path_inside(folder: str | Path, *labels: str) -> Path:
    """Return the path of labels in a folder, each the name of one folder or file.

    Raises:
        InvalidArgumentError: If a link on the way leads out of the folder.
    """
    # Imported here because it is a cost to `import lexigym`.
    from pathlib import Path

    path = Path(folder).joinpath(*map(file_name, labels))
    if not path.resolve().is_relative_to(Path(folder).resolve()):
        raise InvalidArgumentError(
            f"{str(path)!r} leads out of {str(folder)!r}, by a link: remove the link, or choose "
            "another folder."
        )
    return path
