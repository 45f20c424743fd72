"""The index of shipped records: what was released once is compared with every later batch, and never un-shipped.

It lies in `STATE/dedup/FIELDS/`: one index per set of compared fields. A *segment* holds some records whole (the compared
text and what the survivor rule asks), their exact keys, and their band keys, both sorted. Segments are never changed;
`index.json` names those that count and is replaced atomically, so a crash leaves what was before. Runs only read.

Stored is the compared text, compressed, not its shingles: hashes do not compress, texts do, and whatever is derived of a
text (keys, bands for another threshold, the normal form of a later version) can be made again: `rebuild`.
"""

from toolkit.dedup.index.manifest import Settings, indexes_of, said
from toolkit.dedup.index.read import Index, open_index
from toolkit.dedup.index.write import Added, add, compact, rebuild, remove

__all__ = ["Added", "Index", "Settings", "add", "compact", "indexes_of", "open_index", "rebuild", "remove", "said"]
