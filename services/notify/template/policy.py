"""What a template may say, and how it is filled in (N2): `{variable}` and nothing more, so there is nothing to break
out of. Values are codes and numbers, never anything personal; codes are shown in the reader's language."""

import re
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

CHINESE, ENGLISH = "zh-CN", "en"
MISSING = "—"

VARIABLES = frozenset({
    "number", "kind", "shop", "order_no", "priority", "outcome", "clock", "due_at", "grade", "cause", "lateness",
    "month", "lines", "total", "planned_end", "amount", "failure", "courier", "difference", "coupon", "alarm",
    "drift", "expected", "found", "since",
})  # fmt: skip
"""Every variable there is; each rule's events give some of them."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_BRACE = re.compile(r"[{}]")

_WORDS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("kind", "complaint"): ("投诉", "complaint"),
    ("kind", "refund"): ("退款", "refund"),
    ("kind", "exchange"): ("换货", "exchange"),
    ("kind", "bad_review"): ("中差评", "bad review"),
    ("kind", "merchant_report"): ("举报商家", "merchant report"),
    ("kind", "inquiry"): ("转办工单", "inquiry"),
    ("kind", "suggestion"): ("建议", "suggestion"),
    ("kind", "fault_report"): ("障碍申告", "fault report"),
    ("kind", "emergency"): ("突发事件", "emergency"),
    ("kind", "service_request"): ("业务受理", "service request"),
    ("kind", "money_only"): ("仅退款", "refund"),
    ("kind", "return_and_money"): ("退货退款", "return and refund"),
    ("kind", "resend"): ("补寄", "replacement without return"),
    ("kind", "goodwill"): ("小额补偿", "goodwill"),
    ("priority", "low"): ("低", "low"),
    ("priority", "normal"): ("普通", "normal"),
    ("priority", "high"): ("高", "high"),
    ("priority", "urgent"): ("紧急", "urgent"),
    ("outcome", "solved"): ("已解决", "solved"),
    ("outcome", "unreachable"): ("联系不上", "customer unreachable"),
    ("outcome", "refused"): ("已拒绝", "refused"),
    ("outcome", "withdrawn"): ("已撤回", "withdrawn"),
    ("outcome", "duplicate"): ("重复", "duplicate"),
    ("outcome", "merged"): ("已并单", "merged"),
    ("outcome", "cancelled"): ("已取消", "cancelled"),
    ("clock", "first_reply"): ("首次回复", "first reply"),
    ("clock", "next_reply"): ("再次回复", "next reply"),
    ("clock", "solution"): ("解决", "solution"),
    ("clock", "agree"): ("同意", "agreement"),
    ("clock", "ship_back"): ("退货寄回", "return parcel"),
    ("clock", "inspect"): ("验货", "inspection"),
    ("clock", "pay_out"): ("付款", "payment"),
    ("clock", "call_back"): ("回访", "callback"),
    ("clock", "resend"): ("补发", "resending"),
    ("clock", "containment"): ("控制突发事件", "containment"),
    ("grade", "ordinary"): ("一般", "ordinary"),
    ("grade", "repeat"): ("重复", "repeat"),
    ("grade", "malignant"): ("恶性", "malignant"),
    ("cause", "unsatisfied_twice"): ("两次回访不满意", "unsatisfied twice"),
    ("cause", "unsatisfied_four_times"): ("四次回访不满意", "unsatisfied four times"),
    ("cause", "complained_again"): ("再次投诉", "complained again"),
    ("cause", "injury_or_safety"): ("人身伤害或安全问题", "injury or safety"),
    ("cause", "media_or_regulator"): ("媒体或监管部门介入", "media or regulator"),
    ("cause", "loss_over_limit"): ("损失超过限额", "loss over the limit"),
    ("lateness", "in_time"): ("按时", "in time"),
    ("lateness", "moderate"): ("超时", "late"),
    ("lateness", "severe"): ("严重超时", "far too late"),
    ("drift", "book_counters"): ("账面与分录不符", "a book against its entries"),
    ("drift", "book_lines"): ("商品行与分录不符", "a line of a book against its entries"),
    ("drift", "book_payments"): ("付款与分录不符", "a payment against its entries"),
    ("drift", "correction_refused"): ("订单更正低于已退金额", "an order corrected to less than was given back"),
    ("drift", "answer_amount"): ("回执金额或币种不符", "an answer with another amount or currency"),
    ("drift", "answer_unknown"): ("回执付款号不存在", "an answer for a number nobody ordered"),
    ("drift", "answer_twice"): ("同一付款号重复付款", "a second payment under one number"),
    ("drift", "answer_reference"): ("流水号属于另一笔付款", "a reference of another payment"),
    ("drift", "answer_unreserved"): ("回执款项已不在途", "an answer for money no longer in flight"),
    ("drift", "answer_unapplied"): ("回执无法入账", "an answer that its case could not take"),
    ("drift", "unresolved"): ("付款久无结果", "a payment without an answer for too long"),
    ("drift", "listed_unknown"): ("支付方多出的付款", "a payment that only the payment side lists"),
    ("drift", "listed_missing"): ("支付方缺少的付款", "a payment that the payment side does not list"),
    ("drift", "listed_differs"): ("与支付方清单不符", "a payment listed differently"),
}


class Wording(BaseModel):
    """A template in one language. Refused with ValueError when it uses a variable that it doesn't declare, declares
    one that doesn't exist, or has a brace that belongs to no variable."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    language: Annotated[str, Field(pattern=f"^({CHINESE}|{ENGLISH})$")]
    subject: Annotated[str, Field(min_length=1, max_length=200)]
    body: Annotated[str, Field(min_length=1, max_length=5000)]
    variables: frozenset[str]

    @model_validator(mode="after")
    def _only_known_variables(self) -> Self:
        if unknown := self.variables - VARIABLES:
            raise ValueError(f"no such variables: {', '.join(sorted(unknown))}")
        for text in (self.subject, self.body):
            if undeclared := set(_PLACEHOLDER.findall(text)) - self.variables:
                raise ValueError(f"not among the variables: {', '.join(sorted(undeclared))}")
            if _BRACE.search(_PLACEHOLDER.sub("", text)):
                raise ValueError("a brace belongs to no variable")
        return self

    def fill(self, values: Mapping[str, str | None]) -> tuple[str, str]:
        """Subject and body with these values; one that is missing is shown as a dash."""

        def value(match: re.Match[str]) -> str:
            return shown(match[1], values.get(match[1]), self.language)

        return _PLACEHOLDER.sub(value, self.subject), _PLACEHOLDER.sub(value, self.body)


def shown(variable: str, value: str | None, language: str) -> str:
    """A value as a reader of that language sees it."""
    if value is None:
        return MISSING
    chinese, english = _WORDS.get((variable, value), (value, value))
    return chinese if language == CHINESE else english


def language_for(asked: str) -> str:
    """The language of templates for a caller's `zh` or `en`."""
    return ENGLISH if asked == "en" else CHINESE
