"""Dispatch, delivery, and answers to buyers before and after the sale."""

from __future__ import annotations

from shopace.core.vocabulary.channels import CONTENT, SHOP
from shopace.core.vocabulary.measures.measure import gauge, total
from shopace.core.vocabulary.units import Unit

SERVICE = (
    total("dispatch_due_orders", "orders due for dispatch"),
    total("late_dispatched_orders", "orders dispatched late"),
    total("delivery_due_orders", "orders due for delivery"),
    total("on_time_delivered_orders", "orders delivered on time"),
    total("seller_fault_cancellations", "orders cancelled by the seller's fault"),
    total("out_of_stock_cancellations", "orders cancelled for lack of stock"),
    total("false_shipments", "false shipments"),
    total("shipped_orders", "orders shipped"),
    total("valid_tracking_orders", "orders shipped with valid tracking"),
    total("handling_hours_total", "handling hours, all shipped orders", unit=Unit.HOURS),
    gauge("fbt_products", "products fulfilled by the platform", channels=(*SHOP, *CONTENT)),
    total("inquiries", "customer inquiries"),
    total("inquiries_replied_24h", "inquiries replied to within 24 hours"),
    total("after_sales_closed", "after-sales requests closed"),
    total(
        "after_sales_hours_total",
        "after-sales handling hours, all requests closed",
        unit=Unit.HOURS,
    ),
    gauge("orders_awaiting_shipment", "orders awaiting shipment"),
    gauge("orders_overdue", "orders overdue for shipment"),
    gauge("open_inquiries", "open inquiries"),
    gauge("pending_returns", "pending returns"),
)
