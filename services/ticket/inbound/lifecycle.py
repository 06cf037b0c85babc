"""退货包裹的生命: on its way, looked for when it was delivered and isn't found, unpacked, or given up (T22). Pure."""

from enum import StrEnum

from kit.lifecycle import Lifecycle


class ParcelStatus(StrEnum):
    """Where a parcel that comes back stands."""

    ON_THE_WAY = "on_the_way"
    SEARCHED = "searched"
    FOUND = "found"
    ARRIVED = "arrived"
    LOST = "lost"


class LostBy(StrEnum):
    """Who lost a parcel: our courier, our warehouse, or the courier whom the customer chose and claims from."""

    COURIER = "courier"
    WAREHOUSE = "warehouse"
    SENDER = "sender"

    @property
    def credited(self) -> bool:
        """Whether its goods count as come back: what we lose, the customer doesn't pay for."""
        return self is not LostBy.SENDER


_S = ParcelStatus
# A parcel is unpacked as often as something is found in it, and one given up may turn up after all.
LIFE = Lifecycle(
    noun="parcel",
    states=ParcelStatus,
    initial=_S.ON_THE_WAY,
    table={
        "correct": {_S.ON_THE_WAY: _S.ON_THE_WAY, _S.SEARCHED: _S.SEARCHED},
        "search": {_S.ON_THE_WAY: _S.SEARCHED},
        "find": {_S.SEARCHED: _S.FOUND},
        "write-off": {_S.ON_THE_WAY: _S.LOST, _S.SEARCHED: _S.LOST},
        "unpack": dict.fromkeys(ParcelStatus, _S.ARRIVED),
    },
)
UNDER_WAY = (_S.ON_THE_WAY, _S.SEARCHED, _S.FOUND)
