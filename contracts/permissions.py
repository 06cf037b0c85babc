"""Who may do what: the one matrix of roles and permissions (X6, G2)."""

from typing import NamedTuple

STOREFRONT, AGENT, SUPERVISOR, MANAGER = "storefront", "agent", "supervisor", "manager"
FINANCE, AUDITOR, ADMIN, SERVICE = "finance", "auditor", "admin", "service"

ROLES: tuple[str, ...] = (STOREFRONT, AGENT, SUPERVISOR, MANAGER, FINANCE, AUDITOR, ADMIN, SERVICE)

_FLOOR = (AGENT, SUPERVISOR, MANAGER)
_LEADS = (SUPERVISOR, MANAGER)
_OFFICE = (FINANCE, AUDITOR)


class Permission(NamedTuple):
    """One line of the matrix: its name ``noun:verb``, what it lets someone do, and who has it."""

    name: str
    meaning: str
    roles: tuple[str, ...]


MATRIX: tuple[Permission, ...] = (
    Permission("order:write", "send or correct orders of the storefront (E3)", (STOREFRONT, SERVICE, ADMIN)),
    Permission("order:read", "see orders", ROLES),
    Permission("order:flag", "put a flag and a remark on an order (T30)", _FLOOR),
    Permission("order:confirm", "tick off what is confirmed of an order before it is cleared (T34)", _FLOOR),
    Permission("order:surcharge", "note which dearer courier an order's buyer wants (T36)", _FLOOR),
    Permission("order:worklist", "see the morning's lists of orders (T33, T35)", (*_FLOOR, AUDITOR, ADMIN)),
    Permission(
        "order_change:request", "ask for a change of an order, take it back (T37)", (STOREFRONT, *_FLOOR, SERVICE)
    ),
    Permission(
        "order_change:read",
        "see changes of orders, a new address masked (T37)",
        (STOREFRONT, *_FLOOR, *_OFFICE, ADMIN, SERVICE),
    ),
    Permission("order_change:decide", "agree to changes of orders, refuse, retry, confirm (T37)", (*_FLOOR, FINANCE)),
    Permission(
        "order_change:address", "read the new address of a change to carry it out (T37)", (STOREFRONT, SERVICE)
    ),
    Permission("shop_account:read", "see shops' accounts and who is signed in (T35)", (*_FLOOR, AUDITOR, ADMIN)),
    Permission("shop_account:manage", "keep shops' accounts, assign agent and delegate (T35)", (*_LEADS, ADMIN)),
    Permission("shop_account:sign_in", "sign in to a shop's account and out of it (T35)", _FLOOR),
    Permission("ticket:open", "open a ticket of any kind (T1)", (STOREFRONT, *_FLOOR, SERVICE)),
    Permission("ticket:read", "see tickets", (STOREFRONT, *_FLOOR, AUDITOR, ADMIN, SERVICE)),
    Permission("ticket:work", "reply, wait, solve and close (T2)", _FLOOR),
    Permission("ticket:reply", "write messages on a ticket (T1)", (STOREFRONT, *_FLOOR)),
    Permission("ticket:edit", "change a ticket's words, tags and watchers (T1)", _FLOOR),
    Permission("ticket:join", "merge, split and link tickets (T3)", _FLOOR),
    Permission("ticket:history", "see what was done to a ticket, and its clocks (X7)", (*_FLOOR, AUDITOR, ADMIN)),
    Permission("ticket:deadline", "set the marketplace's deadline (T49)", (STOREFRONT, *_FLOOR, SERVICE)),
    Permission("ticket:assign", "give a ticket to someone or to a group (T4)", _LEADS),
    Permission("ticket:reopen", "reopen a solved or closed ticket (T2)", _FLOOR),
    Permission("ticket:cancel", "cancel a ticket (T2)", _FLOOR),
    Permission("complaint:open", "make a complaint (T11)", (STOREFRONT, *_FLOOR, SERVICE)),
    Permission(
        "complaint:read",
        "see complaints; what was found out inside, staff only (T11)",
        (STOREFRONT, *_FLOOR, *_OFFICE, ADMIN, SERVICE),
    ),
    Permission("complaint:judge", "judge a complaint and fix the responsibility (T11)", _LEADS),
    Permission("complaint:work", "find the cause, propose, inform, write the letter, close (T11, T17)", _FLOOR),
    Permission("complaint:verify", "record that the unit has done it, or has not (T12)", _FLOOR),
    Permission("complaint:call_back", "record what the customer says of it (T12)", _FLOOR),
    Permission("complaint:cancel", "cancel a complaint that was opened in error (T11)", _LEADS),
    Permission("complaint:grade_lower", "lower the grade of a complaint, with a reason (T13)", (MANAGER,)),
    Permission("review:open", "record a bad review (T45)", (*_FLOOR, SERVICE)),
    Permission("review:read", "see bad reviews (T45)", (*_FLOOR, AUDITOR, ADMIN, SERVICE)),
    Permission("review:work", "work on a bad review: cause, contacts, result (T45)", _FLOOR),
    Permission("emergency:open", "report an emergency (T42)", (*_FLOOR, SERVICE)),
    Permission("emergency:read", "see emergencies (T42)", (*_FLOOR, AUDITOR, ADMIN, SERVICE)),
    Permission("emergency:contain", "say that an emergency is contained, note and close it (T42)", _FLOOR),
    Permission("emergency:cancel", "cancel an emergency that was none (T42)", _LEADS),
    Permission("procedure:tick", "put checklists on tickets, tick their steps off (T53)", _FLOOR),
    Permission("procedure:drop", "take a checklist off a ticket that it isn't for (T53)", _LEADS),
    Permission(
        "service_request:submit", "hand in a service request, complete it (T60)", (STOREFRONT, *_FLOOR, SERVICE)
    ),
    Permission(
        "service_request:read",
        "see service requests and their types, personal values masked (T60)",
        (STOREFRONT, *_FLOOR, AUDITOR, ADMIN, SERVICE),
    ),
    Permission("service_request:work", "review, return, approve, dispatch and finish service requests (T60)", _FLOOR),
    Permission("service_request:step", "record a step of a service request (T60)", (STOREFRONT, *_FLOOR, SERVICE)),
    Permission("service_request:weigh", "record what was loaded, over or short (T61)", (*_FLOOR, SERVICE)),
    Permission("service_request:reveal", "see the personal values of a request open, with a reason (X6)", _FLOOR),
    Permission(
        "refund:request", "ask for refunds, show evidence, withdraw them (T20)", (STOREFRONT, *_FLOOR, SERVICE)
    ),
    Permission(
        "refund:read",
        "see refunds and exchanges; what they cost and who approved, staff only (T20)",
        (STOREFRONT, *_FLOOR, *_OFFICE, ADMIN, SERVICE),
    ),
    Permission("refund:work", "review, put right, refuse and close refunds, stop parcels (T22, T24)", _FLOOR),
    Permission("refund:approve", "approve refunds, as far as one's authority reaches (T28)", (*_FLOOR, FINANCE)),
    Permission("refund:retry", "have a failed refund paid again (T22)", (*_FLOOR, FINANCE)),
    Permission("return:ship_back", "announce a parcel that comes back (T22)", (STOREFRONT, *_FLOOR, SERVICE)),
    Permission("return:receive", "search, find and unpack parcels that come back (T22)", (*_FLOOR, SERVICE)),
    Permission("return:inspect", "record what the inspection of goods found (T21, T26)", (*_FLOOR, SERVICE)),
    Permission(
        "exchange:read",
        "see replacements; what was noted inside, staff only (T22)",
        (STOREFRONT, *_FLOOR, *_OFFICE, ADMIN, SERVICE),
    ),
    Permission("exchange:work", "choose replacements, call, out of stock, lost, settled in money (T22)", _FLOOR),
    Permission("exchange:top_up", "name the order that paid the difference (T22)", (STOREFRONT, *_FLOOR, SERVICE)),
    Permission("exchange:send", "record that a replacement was sent (T22)", (*_FLOOR, SERVICE)),
    Permission("exchange:receive", "record that a replacement has arrived (T22)", (STOREFRONT, *_FLOOR, SERVICE)),
    Permission(
        "payment:read", "see payments, books and what doesn't add up (T55)", (*_FLOOR, *_OFFICE, ADMIN, SERVICE)
    ),
    Permission("payment:answer", "say what became of a payment (T22)", (STOREFRONT, SERVICE)),
    Permission("payment:reconcile", "send the payment side's list (T55)", (STOREFRONT, FINANCE, SERVICE)),
    Permission("payment:balance", "see all books and lists together (T55)", (MANAGER, *_OFFICE, ADMIN)),
    Permission("payment:book_late", "book what was given up and paid after all (T55)", (FINANCE,)),
    Permission("payment:settle", "say what an alarm of the books was (T55)", (MANAGER, FINANCE)),
    Permission("goodwill:offer", "offer goodwill, take it back, have it paid again (T27)", _FLOOR),
    Permission("goodwill:read", "see goodwill and who has to approve it (T27)", (*_FLOOR, *_OFFICE, ADMIN)),
    Permission(
        "goodwill:approve", "approve or refuse goodwill, as far as one's authority reaches (T28)", (*_FLOOR, FINANCE)
    ),
    Permission("cost:read", "see what a case cost and who bears it (T57)", (*_FLOOR, *_OFFICE, ADMIN)),
    Permission("cost:rebook", "lay a cost at somebody else's door, with the reason (T57)", (*_LEADS, FINANCE)),
    Permission("penalty:read", "see penalty lists (T14)", (*_LEADS, *_OFFICE, ADMIN)),
    Permission("penalty:draft", "make the penalty list of a month (T14)", _LEADS),
    Permission("penalty:sign", "sign and publish a penalty list, declare a sensitive period (T14)", (MANAGER,)),
    Permission("report:read", "see the reports of the desk (T15)", (*_LEADS, *_OFFICE, ADMIN)),
    Permission("report:volume", "say how much a unit handled in a month (X2)", (*_LEADS, ADMIN)),
    Permission("calendar:read", "see business hours and public holidays (T43)", (*_FLOOR, *_OFFICE, ADMIN)),
    Permission("calendar:write", "put in the public holidays of a year (T43)", (MANAGER, ADMIN)),
    Permission("clock:read", "see what is due, what is late and by whom (T43, T47)", (*_FLOOR, AUDITOR, ADMIN)),
    Permission("clock:pause", "pause a single clock of a ticket, with a reason (T47, T48)", _LEADS),
    Permission("group:read", "see groups and who is in them (T4)", (*_FLOOR, AUDITOR, ADMIN)),
    Permission("group:manage", "make, change, retire groups and their members (T4)", (*_LEADS, ADMIN)),
    Permission("roster:read", "see the roster and who is on shift now (T44)", (*_FLOOR, AUDITOR, ADMIN)),
    Permission("roster:plan", "plan and cancel shifts, sign others in and out (T44)", _LEADS),
    Permission("shift:work", "sign in and out of one's shift, be away and back (T44)", _FLOOR),
    Permission("swap:request", "ask for, agree to and withdraw swaps and leave (T62)", _FLOOR),
    Permission("swap:approve", "approve or refuse others' swaps and leave (T62)", _LEADS),
    Permission("handover:read", "see handover sheets (T46)", (*_FLOOR, AUDITOR, ADMIN)),
    Permission("handover:sign", "draft, sign, accept and dispute handover sheets (T46)", _FLOOR),
    Permission("ticket:bulk", "do one thing to many tickets (T53)", _FLOOR),
    Permission("attachment:add", "attach files to tickets (T1)", (STOREFRONT, *_FLOOR)),
    Permission("attachment:withdraw", "remove a file one has attached (T1)", (STOREFRONT, *_FLOOR)),
    Permission("attachment:remove", "remove anybody's file from a ticket (T1)", _LEADS),
    Permission("view:use", "keep and use saved views of tickets (T5)", (*_FLOOR, AUDITOR, ADMIN)),
    Permission("view:share", "share saved views with a group or a shop (T5)", _LEADS),
    Permission("macro:use", "keep macros and run them on tickets (T53)", _FLOOR),
    Permission("macro:share", "share macros with a group or a shop (T53)", _LEADS),
    Permission("customer:read", "see customers, personal data masked (X6)", ROLES),
    Permission("customer:write", "open, complete and change customers' files (C1)", (STOREFRONT, *_FLOOR)),
    Permission("customer:reveal", "see personal data open, with a reason (X6)", _LEADS),
    Permission("contact:resolve", "learn where a message to a customer goes (N1)", (SERVICE,)),
    Permission("customer:report", "see value, churn and funnel reports (C17)", (*_LEADS, *_OFFICE, ADMIN)),
    Permission("staff:read", "see staff (A1)", (*_FLOOR, *_OFFICE, ADMIN)),
    Permission("staff:manage", "hire, change, suspend and part with staff (A1)", (MANAGER, ADMIN)),
    Permission("unit:read", "see the units at whose door complaints are laid (X2)", (*_FLOOR, *_OFFICE, ADMIN)),
    Permission("unit:manage", "make, change, close and reopen units (X2)", (MANAGER, ADMIN)),
    Permission("team:read", "see teams (A1)", (*_FLOOR, *_OFFICE, ADMIN)),
    Permission("team:manage", "make, change, dissolve and reform teams (A1)", (MANAGER, ADMIN)),
    Permission("credit:read", "see a customer's credit and why (C8)", (*_FLOOR, *_OFFICE)),
    Permission("commission:quote", "work out a commission (A6)", (*_FLOOR, FINANCE)),
    Permission("inbox:read", "read one's own inbox (N1)", (*_FLOOR, *_OFFICE, ADMIN)),
    Permission("inbox:mark", "mark messages of one's own inbox as read (N1)", (*_FLOOR, *_OFFICE, ADMIN)),
    Permission(
        "notification:read", "see what was told to whom and what became of it (N4)", (MANAGER, AUDITOR, ADMIN)
    ),
    Permission("notification:resend", "send a message again that failed or is in doubt (N4)", (MANAGER,)),
    Permission("account:manage", "make and disable staff logins (G2)", (ADMIN,)),
    Permission("client:manage", "make and disable API clients (G2)", (ADMIN,)),
    Permission("policy:read", "read policies and their versions (X3)", (*_LEADS, *_OFFICE, ADMIN)),
    Permission("policy:write", "put a new version of a policy in force (X3)", (MANAGER, ADMIN)),
    Permission("audit:read", "read the audit trail (X7)", (AUDITOR, ADMIN)),
    Permission("event:read", "read published events over HTTP (E4)", (SERVICE, AUDITOR, ADMIN)),
    Permission("key:manage", "rotate the keys that sign access tokens (G2)", (ADMIN,)),
)

PERMISSIONS: dict[str, frozenset[str]] = {line.name: frozenset(line.roles) for line in MATRIX}


def roles_with(permission: str) -> frozenset[str]:
    """The roles that hold ``permission``; an unknown one is a ``KeyError``, so that a typo in a route dies at
    import and not in front of a user."""
    return PERMISSIONS[permission]
