// Package order owns products and orders: their history, status axes, payments,
// shipments and returns. It writes products, orders, order_lines, order_events,
// payments, shipments and return_requests, and never touches points.
package order
