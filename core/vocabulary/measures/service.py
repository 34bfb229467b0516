"""Dispatch, delivery, and answers to buyers before and after the sale."""

from __future__ import annotations

from shopace.core.vocabulary.channels import CONTENT, SHOP
from shopace.core.vocabulary.measures.measure import gauge, total
from shopace.core.vocabulary.units import Unit

SERVICE = (
    total(
        "dispatch_due_orders",
        "orders due for dispatch",
        "Orders whose last day for dispatch is the day, dispatched or not.",
        warehouse="orders, by ship-by time",
        api="Get Order List: rts_sla_time",
    ),
    total(
        "late_dispatched_orders",
        "orders dispatched late",
        "Of the orders due on the day, those that were not dispatched in time.",
        warehouse="orders, by ship-by time: shipped after it, or not at all",
        api="Get Order List: rts_time after rts_sla_time",
    ),
    total(
        "delivery_due_orders",
        "orders due for delivery",
        "Orders whose promised last day of delivery is the day, delivered or not.",
        warehouse="orders, by promised time of delivery",
    ),
    total(
        "on_time_delivered_orders",
        "orders delivered on time",
        "Of the orders due for delivery on the day, those that arrived by then.",
        warehouse="orders, by promised time of delivery: delivered by it",
    ),
    total(
        "seller_fault_cancellations",
        "orders cancelled by the seller's fault",
        "Orders cancelled for a reason that is the seller's, on the day of cancellation.",
        warehouse="cancellations, by time: reasons of the seller",
        api="Search Cancellations: by reason",
    ),
    total(
        "out_of_stock_cancellations",
        "orders cancelled for lack of stock",
        "Of the orders cancelled by the seller's fault, those for lack of stock.",
        warehouse="cancellations, by time: reason out of stock",
        api="Search Cancellations: by reason",
    ),
    total(
        "false_shipments",
        "false shipments",
        "Orders marked as shipped on the day that were not handed over.",
        warehouse="shipments that the platform found to be false",
    ),
    total(
        "shipped_orders",
        "orders shipped",
        "Orders that the shop marked as shipped on the day.",
        warehouse="orders, by time of shipping",
        api="Get Order List: rts_time",
    ),
    total(
        "valid_tracking_orders",
        "orders shipped with valid tracking",
        "Of the orders shipped on the day, those whose tracking number the carrier knows.",
        warehouse="shipments with a carrier's first scan",
    ),
    total(
        "handling_hours_total",
        "handling hours, all shipped orders",
        "Hours from payment to shipping, summed over the orders shipped on the day.",
        unit=Unit.HOURS,
        warehouse="orders, by time of shipping: hours since payment, summed",
        api="Get Order List: rts_time − paid_time, summed",
    ),
    gauge(
        "fbt_products",
        "products fulfilled by the platform",
        "Live products that the platform stores and ships at the end of the day.",
        channels=(*SHOP, *CONTENT),
        warehouse="products by way of fulfilment, at the end of the day",
    ),
    total(
        "inquiries",
        "customer inquiries",
        "Chats that customers began on the day.",
        warehouse="customer chats, by time of the first message",
        api="Get Customer Service Performance: support_session_count",
        export="Home page: Customer Inquiries",
    ),
    total(
        "inquiries_replied_24h",
        "inquiries replied to within 24 hours",
        "Of the chats begun on the day, those answered within 24 hours.",
        warehouse="customer chats: first reply within 24 hours",
        api="Get Customer Service Performance: response_percentage × support_session_count",
    ),
    total(
        "after_sales_closed",
        "after-sales requests closed",
        "Requests to return, exchange or refund that were closed on the day.",
        warehouse="after-sales requests, by time of closing",
        api="Search Returns: by return_status and update_time",
    ),
    total(
        "after_sales_hours_total",
        "after-sales handling hours, all requests closed",
        "Hours from request to closing, summed over the requests closed on the day.",
        unit=Unit.HOURS,
        warehouse="after-sales requests, by time of closing: hours since opening, summed",
    ),
    gauge(
        "orders_awaiting_shipment",
        "orders awaiting shipment",
        "Paid orders that are not shipped at the end of the day.",
        warehouse="orders by status, at the end of the day",
        api="Get Order List: orders with status AWAITING_SHIPMENT",
        export="Home page: Orders Awaiting Shipment",
    ),
    gauge(
        "orders_overdue",
        "orders overdue for shipment",
        "Of the orders awaiting shipment, those past their ship-by time at the end of the day.",
        warehouse="orders by status and ship-by time, at the end of the day",
        api="Get Order List: status AWAITING_SHIPMENT past rts_sla_time",
    ),
    gauge(
        "open_inquiries",
        "open inquiries",
        "Chats of customers that wait for an answer at the end of the day.",
        warehouse="customer chats without a reply, at the end of the day",
    ),
    gauge(
        "pending_returns",
        "pending returns",
        "Returns that wait for the shop at the end of the day.",
        warehouse="returns by status, at the end of the day",
        api="Search Returns: by return_status",
        export="Home page: Pending Returns",
    ),
)
