"""The words of the trade, English and Chinese side by side (X8)."""

KINDS = {
    "complaint": "complaint 投诉",
    "refund": "refund 退款",
    "exchange": "exchange 换货",
    "bad_review": "bad review 中差评",
    "merchant_report": "merchant report 举报商家",
    "inquiry": "inquiry 转办工单",
    "suggestion": "suggestion 建议",
    "fault_report": "fault report 障碍申告",
    "emergency": "emergency 突发事件",
    "service_request": "service request 业务受理",
}
REASONS = {
    "no_reason": "no reason 无理由",
    "wrong_choice": "wrong choice 拍错",
    "quality": "quality 质量问题",
    "not_as_described": "not as described 描述不符",
    "wrong_item": "wrong item 发错货",
    "missing_part": "missing part 漏发",
    "out_of_stock": "out of stock 缺货",
    "lost_in_transit": "lost in transit 运输丢失",
    "damaged_in_transit": "damaged in transit 运输破损",
    "undeliverable_area": "undeliverable area 不到地区",
    "misrouted": "misrouted 错分",
    "refused_delivery": "refused delivery 拒收",
    "late": "late 延迟",
    "duplicate_order": "duplicate order 重复下单",
}
GRADES = {"ordinary": "ordinary 一般", "repeat": "repeat 重复", "malignant": "malignant 恶性"}
NATURES = {"founded": "founded 属实", "unfounded": "unfounded 不属实", "undetermined": "undetermined 未定"}
FLAGS = {
    "cleared": "cleared 可发货",
    "problem": "problem 有问题",
    "solved": "solved 已解决",
    "fake": "fake 疑似刷单",
    "": "unflagged 未插旗",
}
CHANNELS = {"inbox": "inbox 收件箱", "email": "e-mail 邮件"}
