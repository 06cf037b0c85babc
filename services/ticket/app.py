"""The ticket service: its rooms, wired. Nothing is wired anywhere else."""

from fastapi import FastAPI

from kit.http.of_every_service import routers_of
from kit.runtime import Wiring
from kit.service import create_app
from kit.settings import ServiceSettings, service_settings
from services.ticket.approval import routes as approval
from services.ticket.approval.policy import REFUND_AUTHORITY, TEAM_BUDGETS
from services.ticket.attachment import routes as attachment
from services.ticket.attachment import sweeping
from services.ticket.attachment.files import open_files
from services.ticket.attachment.policy import ATTACHMENT_RULES
from services.ticket.bad_review import routes as bad_review
from services.ticket.bad_review.policy import REVIEW_HOURS
from services.ticket.calendar import routes as calendar
from services.ticket.calendar.policy import BUSINESS_HOURS
from services.ticket.clock import routes as clock
from services.ticket.clock import sweep as clocks
from services.ticket.clock.policy import EMERGENCY_CONTAINMENT, FIRST_REPLY_LOAD, SLA_TARGETS
from services.ticket.complaint import letter_routes as complaint_letter
from services.ticket.complaint import routes as complaint
from services.ticket.complaint.policy import (
    CALLBACK_LETTER,
    COMPLAINT_CALLBACKS,
    COMPLAINT_GRADES,
    COMPLAINT_PROMISE,
    COMPLAINT_SUBTYPES,
)
from services.ticket.confirmation import routes as confirmation
from services.ticket.confirmation.policy import ORDER_CONFIRMATION
from services.ticket.dispatch import loop as dispatching
from services.ticket.dispatch import routes as dispatch
from services.ticket.dispatch import service as desk
from services.ticket.emergency import routes as emergency
from services.ticket.exchange import routes as replacement
from services.ticket.exchange import service as replacements
from services.ticket.exchange.policy import EXCHANGE_RULES
from services.ticket.flag import routes as flag
from services.ticket.flag.policy import FLAG_SCHEME
from services.ticket.goodwill import routes as goodwill
from services.ticket.goodwill.policy import GOODWILL
from services.ticket.group import routes as group
from services.ticket.handover import routes as handover
from services.ticket.handover import service as handovers
from services.ticket.handover.policy import HANDOVER_RULES
from services.ticket.inbound import parcel_routes as inbound_parcels
from services.ticket.inbound import routes as inbound
from services.ticket.intake import routes as intake
from services.ticket.leg import routes as leg
from services.ticket.liability import routes as liability
from services.ticket.linkage import routes as linkage
from services.ticket.macro import routes as macro
from services.ticket.merchant_report import routes as merchant_report
from services.ticket.order import routes as order
from services.ticket.order_change import routes as order_change
from services.ticket.order_change import service as order_changes
from services.ticket.order_change.policy import ORDER_CHANGES
from services.ticket.payment.settings import PaymentSettings
from services.ticket.payout import checking as payment_checks
from services.ticket.payout import paying, reconciling
from services.ticket.payout import routes as payout
from services.ticket.payout.policy import PAYMENT_CHECKS
from services.ticket.penalty import routes as penalty
from services.ticket.penalty.policy import COMPLAINT_PENALTIES
from services.ticket.procedure import routes as procedure
from services.ticket.procedure.policy import PROCEDURES
from services.ticket.refund import routes as refund
from services.ticket.refund.freight import FREIGHT_TABLE
from services.ticket.refund.reasons import REFUND_REASONS
from services.ticket.report import routes as report
from services.ticket.routing.policy import DESK_LOAD, ROUTING_RULES
from services.ticket.search import routes as search
from services.ticket.service_request import routes as service_request
from services.ticket.service_request.policy import REQUEST_TYPES
from services.ticket.shift import exchange, exchange_routes
from services.ticket.shift import routes as shift
from services.ticket.shift import service as shifts
from services.ticket.shift.policy import SHIFT_PRESETS, SHIFT_RULES
from services.ticket.shipping import routes as shipping
from services.ticket.shipping.policy import DISPATCH_RULES, ORDER_WORKLISTS
from services.ticket.shop_account import routes as shop_account
from services.ticket.shop_account import watch as shop_account_watch
from services.ticket.shop_account.policy import SHOP_ACCOUNT_WATCH
from services.ticket.subscribers import SUBSCRIPTIONS
from services.ticket.surcharge import routes as surcharge
from services.ticket.surcharge.policy import COURIER_FREIGHT
from services.ticket.ticket import around as around_ticket
from services.ticket.ticket import routes as ticket
from services.ticket.ticket import service as tickets
from services.ticket.ticket.policy import AUTO_REPLY, TICKET_LIFE, TICKET_LIMITS
from services.ticket.view import routes as view
from services.ticket.view.policy import SAVED_LIMITS

POLICIES = (
    FLAG_SCHEME, TICKET_LIFE, TICKET_LIMITS, AUTO_REPLY, ROUTING_RULES, DESK_LOAD, SHIFT_PRESETS, SHIFT_RULES,
    HANDOVER_RULES,
    BUSINESS_HOURS, SLA_TARGETS, FIRST_REPLY_LOAD, EMERGENCY_CONTAINMENT, ATTACHMENT_RULES, SAVED_LIMITS,
    COMPLAINT_GRADES, COMPLAINT_PROMISE, COMPLAINT_CALLBACKS, COMPLAINT_SUBTYPES, CALLBACK_LETTER,
    COMPLAINT_PENALTIES,
    REVIEW_HOURS, PROCEDURES, REQUEST_TYPES, PAYMENT_CHECKS,
    COURIER_FREIGHT, ORDER_CHANGES, ORDER_CONFIRMATION, DISPATCH_RULES, ORDER_WORKLISTS,
    SHOP_ACCOUNT_WATCH,
    REFUND_AUTHORITY, TEAM_BUDGETS, GOODWILL, REFUND_REASONS, FREIGHT_TABLE, EXCHANGE_RULES,
)  # fmt: skip
TIMERS = {
    tickets.RETURN_TIMER: tickets.return_tickets,
    shifts.MISSED: shifts.mark_missed,
    shifts.CLOSE: desk.close_forgotten,
    handovers.MISSED: handovers.find_missed,
    exchange.UNCOVERED: exchange.find_uncovered,
    replacements.OVERDUE: replacements.remind,
    order_changes.TOP_UP: order_changes.follow_top_up,
}
WIRING = Wiring(
    service="ticket",
    subscriptions=SUBSCRIPTIONS,
    policies=POLICIES,
    timers=TIMERS,
    loops=(
        clocks.run,
        dispatching.run,
        sweeping.run,
        shop_account_watch.run,
        paying.run,
        payment_checks.run,
        reconciling.run,
    ),
    seals=True,
)
ROUTERS = (
    intake.router,
    surcharge.router,
    shipping.router,
    confirmation.router,
    order.router,
    order_change.router,
    shop_account.router,
    flag.router,
    search.router,
    attachment.router,
    procedure.router,
    view.router,
    macro.router,
    ticket.router,
    around_ticket.router,
    linkage.router,
    approval.router,
    goodwill.router,
    liability.router,
    complaint.router,
    complaint_letter.router,
    emergency.router,
    penalty.router,
    report.router,
    bad_review.router,
    merchant_report.router,
    payout.router,
    refund.router,
    inbound.router,
    inbound_parcels.router,
    replacement.router,
    service_request.router,
    group.router,
    dispatch.router,
    exchange_routes.router,
    shift.router,
    handover.router,
    calendar.router,
    clock.router,
    leg.router,
    *routers_of("ticket"),
)


def application(settings: ServiceSettings) -> FastAPI:
    """The service with these settings. Raises UnsafeSettingsError when its vault has no keys in production, its files
    no place, or the payment side that it calls no token."""
    PaymentSettings()  # said at once, and not by a loop that ends
    app = create_app(
        WIRING,
        ROUTERS,
        settings,
        title="Kefu ticket service",
        description="Orders, flags and tickets (工单).",
        larger_bodies=(attachment.UPLOADS,),
    )
    open_files(app.state.runtime)
    return app


def create() -> tuple[FastAPI, ServiceSettings]:
    """The service with the environment's settings."""
    settings = service_settings("ticket")
    return application(settings), settings
