"""The rooms and devices that requests may speak of: the hub's, cached for when it is out of reach, else the file's."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assistant.nlu.home import Area, Entity, Home
from assistant.skills.hub import Hub, HubError
from assistant.store import Fact, Store

FACT = "hub_inventory"


class HomeSource:
    """Callable: the home as it is known now. Belongs to the thread of the store."""

    def __init__(self, store: Store, fallback: Home, hub: Hub | None) -> None:
        self._store = store
        self._fallback = fallback
        self._hub = hub
        self._home = fallback
        if hub is not None and isinstance(found := store.get(FACT), Mapping):
            self._home = _home(found, fallback)

    def __call__(self) -> Home:
        return self._home

    def refresh(self) -> bool:
        """Ask the hub for its rooms and devices and remember them. True when they are other ones than before.

        Raises HubError when the hub cannot be asked, StoreError when they cannot be remembered.
        """
        if self._hub is None:
            return False
        found = self._hub.inventory()
        try:
            home = _home(found, self._fallback)
        except (KeyError, TypeError, ValueError) as error:
            raise HubError("the hub's list of rooms and devices makes no sense", kind="garbage") from error
        changed = home != self._home
        if changed:
            kept: Fact = {"areas": list(found["areas"]), "entities": list(found["entities"])}
            self._store.put(**{FACT: kept})
            self._home = home
        return changed


def _home(found: Mapping[str, Any], fallback: Home) -> Home:
    areas = tuple(Area(row["name"], row.get("floor", ""), tuple(row.get("aliases", ()))) for row in found["areas"])
    known = {area.name.casefold(): area.name for area in areas}
    entities = tuple(
        Entity(
            name=row["name"],
            domain=row["domain"],
            area=known.get(row.get("area", "").casefold(), ""),
            device_class=row.get("device_class", ""),
            features=tuple(row.get("features", ())),
            aliases=tuple(row.get("aliases", ())),
            id=row["id"],
        )
        for row in found["entities"]
    )
    return replace(fallback, here=known.get(fallback.here.casefold(), ""), areas=areas, entities=entities)
