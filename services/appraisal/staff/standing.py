"""Whether somebody works here: what the rooms below ask of whom they are to depend on."""

from uuid import UUID

from contracts.appraisal.staff import StaffStatus
from kit.problems import Problem, invalid
from kit.work import Work
from services.appraisal.staff import store


async def expect_at_work(work: Work, staff_id: UUID, pointer: str) -> None:
    """Hold them here until this transaction ends, so that nobody leaves who is being put in charge.

    Raises Problem `invalid-request` at `pointer` for nobody of ours and for who has left.
    """
    status = await store.hold(work.session, staff_id)
    if status is None:
        raise invalid(pointer, "没有这名员工", "there is no such member of staff")
    if status == StaffStatus.LEFT:
        raise invalid(pointer, "该员工已离职", "this member of staff has left")


async def expect_empty(work: Work, **place: UUID) -> None:
    """Raises Problem `still-in-use` with the number of those who work in this unit or team."""
    if found := await store.at_work_in(work.session, **place):
        raise Problem("still-in-use", staff=found)
