"""The published catalogue of problems (RFC 9457 `type`s): slug, status, titles in both languages (X8)."""

from pydantic import BaseModel, ConfigDict


class ProblemKind(BaseModel):
    """One kind of problem; served by the gateway at `/problems/{slug}`."""

    model_config = ConfigDict(frozen=True)

    slug: str
    status: int
    title_zh: str
    title_en: str
    detail_zh: str
    detail_en: str

    def title(self, language: str) -> str:
        """The short name, `zh` or `en`."""
        return self.title_zh if language == "zh" else self.title_en

    def detail(self, language: str) -> str:
        """What it means and what to do about it, `zh` or `en`."""
        return self.detail_zh if language == "zh" else self.detail_en


def _kind(slug: str, status: int, zh: tuple[str, str], en: tuple[str, str]) -> ProblemKind:
    return ProblemKind(slug=slug, status=status, title_zh=zh[0], detail_zh=zh[1], title_en=en[0], detail_en=en[1])


_KINDS = (
    _kind("malformed-json", 400, ("请求体不是有效的 JSON", "请检查请求体的语法。"),
          ("The body is not valid JSON", "Check the syntax of the request body.")),
    _kind("malformed-request", 400, ("不是有效的 HTTP 请求", "请检查请求行和请求头的语法。"),
          ("This is not a valid HTTP request", "Check the syntax of the request line and the headers.")),
    _kind("invalid-token-request", 400, ("令牌请求无效", "请检查授权类型和参数。"),
          ("The token request is invalid", "Check the grant type and its parameters.")),
    _kind("unauthenticated", 401, ("需要有效的访问令牌", "令牌缺失、无效或已过期，请重新获取。"),
          ("A valid access token is needed", "The token is missing, invalid or expired; get a new one.")),
    _kind("forbidden", 403, ("没有权限", "当前身份不具备此操作所需的权限。"),
          ("Not permitted", "The caller lacks the permission that this operation needs.")),
    _kind("not-found", 404, ("未找到", "资源不存在，或不属于当前身份。"),
          ("Not found", "There is no such thing, or it is not the caller's to see.")),
    _kind("method-not-allowed", 405, ("不支持该方法", "允许的方法见 Allow 响应头。"),
          ("Method not allowed", "The Allow header names the methods that are.")),
    _kind("request-timeout", 408, ("请求接收超时", "请求头或请求体未在时限内到达。"),
          ("The request took too long to arrive", "Its head or its body was not complete within the time allowed.")),
    _kind("transition-refused", 409, ("当前状态不允许此操作", "allowed 列出了当前状态允许的操作。"),
          ("The present state does not allow this", "`allowed` names what the present state allows.")),
    _kind("already-exists", 409, ("已存在", "相同的记录已经存在。"),
          ("It exists already", "There is such a record already.")),
    _kind("conflict", 409, ("与当前数据冲突", "请重新读取后再试。"),
          ("Conflict with the present data", "Read it again and retry.")),
    _kind("still-in-use", 409, ("仍在使用中", "请先处理所列的单位、小组或人员。"),
          ("Still in use", "Settle first what the answer names: units, teams or people.")),
    _kind("not-yet-known", 409, ("引用的数据尚未同步", "请按 Retry-After 稍后重试。"),
          ("A thing referred to is not known here yet", "Try again after the time in Retry-After.")),
    _kind("idempotency-in-flight", 409, ("相同幂等键的请求正在处理", "请稍后用同一个键重试。"),
          ("A request with this Idempotency-Key is being worked on", "Retry later with the same key.")),
    _kind("stale-version", 412, ("版本已过期", "数据已被他人修改，请重新读取。"),
          ("The version is stale", "Somebody changed it meanwhile; read it again.")),
    _kind("body-too-large", 413, ("请求体过大", "请求体超过了允许的大小。"),
          ("The body is too large", "The request body is larger than allowed.")),
    _kind("address-too-long", 414, ("地址过长", "地址（含查询参数）超过了允许的长度。"),
          ("The address is too long", "The address with its query is longer than allowed.")),
    _kind("unsupported-media-type", 415, ("不支持的内容类型", "请使用 application/json。"),
          ("Unsupported media type", "Send application/json.")),
    _kind("invalid-request", 422, ("请求内容无效", "errors 列出了每处错误的位置和原因。"),
          ("The request is not valid", "`errors` tells where and why.")),
    _kind("idempotency-key-reused", 422, ("幂等键已用于其他请求", "同一个键只能用于完全相同的请求。"),
          ("The Idempotency-Key belongs to another request", "One key stands for one and the same request.")),
    _kind("precondition-required", 428, ("需要 If-Match", "请带上读取时得到的 ETag。"),
          ("If-Match is needed", "Send the ETag that you read.")),
    _kind("too-many-requests", 429, ("请求过于频繁", "请按 Retry-After 稍后重试。"),
          ("Too many requests", "Try again after the time in Retry-After.")),
    _kind("head-too-large", 431, ("请求头过大", "请求头总长超过了允许的大小。"),
          ("The head of the request is too large", "The headers together are larger than allowed.")),
    _kind("internal-error", 500, ("内部错误", "已记录，请凭 request_id 联系我们。"),
          ("Internal error", "It has been recorded; quote the request_id.")),
    _kind("upstream-failed", 502, ("上游服务应答异常", "请稍后重试。"),
          ("A service behind the gateway answered badly", "Try again later.")),
    _kind("dependency-unavailable", 503, ("依赖的服务暂时不可用", "没有任何改动，请按 Retry-After 重试。"),
          ("Something this needs is away for now", "Nothing was changed; retry after the time in Retry-After.")),
    _kind("upstream-timeout", 504, ("上游服务超时", "请稍后用同一个幂等键重试。"),
          ("A service behind the gateway took too long", "Retry later, with the same Idempotency-Key.")),
    _kind("credentials-in-address", 400, ("地址中不能有密钥或令牌",
                                          "地址会写入日志：请改用 X-Api-Key 或 Authorization 请求头，并吊销该密钥。"),
          ("Keys and tokens never belong in addresses",
           "Addresses are written into logs: use the X-Api-Key or Authorization header, and revoke that key.")),
    _kind("api-key-limit", 409, ("有效密钥已达上限", "请先吊销该客户端的一个密钥。"),
          ("The client has as many live keys as it may", "Revoke one of the client's keys first.")),
    _kind("own-case", 403, ("不能处理针对自己的事项", "被投诉人或责任人不能自己裁决；请由他人办理。"),
          ("Nobody decides their own case", "Who is complained about or responsible does not decide; another must.")),
    _kind("desk-full", 409, ("接待量已满", "该员工的在办量已到上限，请分给他人或稍后再试。"),
          ("Their desk is full", "They have as much open as they may; give it to somebody else, or later.")),
    _kind("steps-open", 409, ("还有未完成的步骤", "steps 列出了须先完成的步骤。"),
          ("Steps are still open", "`steps` names what has to be done first.")),
    _kind("documents-missing", 409, ("材料不齐", "missing 列出了还缺的材料。"),
          ("Documents are missing", "`missing` names what is still wanted.")),
    _kind("not-on-shift", 409, ("不在班", "对方此刻不在班，也没有即将开始的班次。"),
          ("Not on shift", "They are not on shift now, and no shift of theirs is about to start.")),
    _kind("customers-waiting", 409, ("还有顾客在等", "此班次须接待完等待中的顾客才能下班；主管可写明原因放行。"),
          ("Customers are still waiting",
           "Nobody leaves this shift while a customer waits; a supervisor may let them go, with a reason.")),
    _kind("shift-overlap", 409, ("班次重叠", "该员工在这段时间已有班次或已批准的请假。"),
          ("Shifts overlap", "They have a shift or approved leave in that time already.")),
    _kind("not-now", 409, ("此刻不可操作", "只能在 opens_at 与 closes_at 之间操作。"),
          ("Not at this time", "It can be done between `opens_at` and `closes_at` only.")),
    _kind("already-taken", 409, ("工单已有人接手", "assignee_staff_id 是当前处理人，请由主管改派。"),
          ("Somebody has the ticket already", "`assignee_staff_id` has it; a lead can give it to another.")),
    _kind("merge-refused", 409, ("不能合并", "because 说明原因：同一工单、循环、别的店铺或客户、已结束、分阶段。"),
          ("These tickets can't be merged",
           "`because` says why: itself, circle, another_shop, another_customer, ended or staged.")),
    _kind("link-refused", 409, ("不能关联", "because 说明原因：同一工单、已关联、只能有一个、循环、其他店铺或过多。"),
          ("These tickets can't be linked",
           "`because` says why: itself, there_already, has_one_already, circle, another_shop or too_many.")),
    _kind("order-closed", 409, ("订单已发货或已结束", "发货、签收、完成或取消后不能再做此操作；请走售后。"),
          ("The order has shipped or ended",
           "This can't be done once it has shipped, arrived, ended or been cancelled; what follows is after-sales.")),
    _kind("not-confirmed", 409, ("订单还未确认", "missing 列出了放行前还须核对的步骤。"),
          ("The order isn't confirmed", "`missing` names the steps to tick off before it may be cleared.")),
    _kind("order-unpaid", 409, ("订单未付款", "未付款的订单没有可退的款项。"),
          ("The order isn't paid", "Nothing was paid for it yet that could be given back.")),
    _kind("more-than-bought", 409, ("超过购买数量", "left 是该行还可退回的件数。"),
          ("More than was bought", "`left` is how many pieces of the line are left.")),
    _kind("payment-mismatch", 409, ("与付款单不符",
         "because 说明：amount、twice、reference 或 unreserved；未作任何改动，已报警。"),
          ("That is not the payment we know",
           "`because` says what: amount, twice, reference or unreserved. Nothing was changed, somebody will look.")),
    _kind("more-than-kept", 409, ("超过可退金额", "left 是该行或该订单还可退的金额。"),
          ("More than is left of what was paid", "`left` is what the line or the order has left.")),
    _kind("not-approved", 409, ("尚未审批", "当前内容还没有有效的审批，请先审批。"),
          ("It isn't approved", "What it says now has no approval that stands; have it approved first.")),
    _kind("not-announced", 409, ("不是申请退回的货", "lines 列出了各行还可以登记的件数；多出的货请登记为 surplus。"),
          ("Goods that nobody asked to give back",
           "`lines` says how many pieces of each line are left; what is more is recorded as `surplus`.")),
    _kind("choice-outdated", 409, ("换货选择已过时", "退回的货与选择时不同，请重新选择换货商品。"),
          ("What was chosen no longer fits", "Other goods are given than it was chosen for; choose again.")),
    _kind("top-up-unfit", 409, ("补差价订单不适用", "because 说明原因：不是补此单的、未付款、已退回、已使用等。"),
          ("This order is no top-up for it",
           "`because`: another_order, unpaid, cancelled, another_currency, paid_before, given_back, used_already.")),
    _kind("window-closed", 409, ("已过申请期限", "until 是该原因可申请的截止时间。"),
          ("The time for this is over", "The reason could be given until `until`.")),
    _kind("not-returnable", 409, ("商品不支持退回", "lines 列出了因品类或已拆封而不能退回的行。"),
          ("Some goods don't come back", "`lines` are of an excluded category, or were opened.")),
    _kind("parcel-not-stopped", 409, ("包裹尚未拦截", "请先登记包裹是否已拦截，再审批。"),
          ("The parcel has not been stopped", "Say first whether it could be stopped; then approve.")),
    _kind("own-request", 403, ("不能审批自己提出的事项",
                               "提出、修改或已审批的人不能再审批，换登录也一样；who_may 是可审批的角色。"),
          ("Nobody approves what they asked for",
           "Not who asked for it, changed it or has approved it, whatever they are signed in with; `who_may` may.")),
    _kind("beyond-authority", 403, ("超出审批权限", "who_may 列出了可以审批的角色；此次尝试已记录。"),
          ("Beyond the caller's authority", "`who_may` names the roles that may; the attempt has been recorded.")),
    _kind("goodwill-refused", 409, ("不能给予这笔补偿",
                                    "because 说明原因：客户等级或超出该行的上限；left 是该行还可补偿的金额。"),
          ("This goodwill can't be given",
           "`because` says why: tier, or share; `left` is what the line may still be given.")),
)  # fmt: skip

CATALOGUE: dict[str, ProblemKind] = {kind.slug: kind for kind in _KINDS}
