package paper

import (
	"encoding/json"
	"io"
	"time"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/scalar"
)

// The inputs and views of the SDL, bound by name; field by field they are
// described in schema/paper.graphqls.

// DocumentPeriod are the days that a paper is about, both included.
type DocumentPeriod struct {
	From, To *string // YYYY-MM-DD
}

// DocumentPeriodInput are days, both included.
type DocumentPeriodInput struct {
	From *string // YYYY-MM-DD
	To   string
}

// GenerateDocumentInput is the input of generateDocument.
type GenerateDocumentInput struct {
	Kind      entdocument.Kind
	SubjectID scalar.ID
	Period    *DocumentPeriodInput
	Locale    *string
}

// ExportOrdersInput is the input of exportOrders.
type ExportOrdersInput struct {
	Filter    json.RawMessage // an OrderFilter, for the func Orders
	Format    TableFormat
	Columns   []OrderColumn
	Everybody bool
}

// ExportStatementInput is the input of exportStatement.
type ExportStatementInput struct {
	AccountID scalar.ID
	Period    *DocumentPeriodInput
	Format    TableFormat
}

// TableExport is a file of rows that is being made, or was.
type TableExport struct {
	ID          scalar.ID
	Subject     TableExportSubject
	Format      TableFormat
	Status      DataExportStatus
	Rows        int
	Progress    *scalar.Progress
	RequestedAt time.Time
	ReadyAt     *time.Time
	ExpiresAt   *time.Time
	Document    *ent.Document
}

// DataExportStatus is how far a file is.
type DataExportStatus string

// The values of DataExportStatus.
const (
	ExportWaiting DataExportStatus = "WAITING"
	ExportRunning DataExportStatus = "RUNNING"
	ExportReady   DataExportStatus = "READY"
	ExportExpired DataExportStatus = "EXPIRED"
	ExportFailed  DataExportStatus = "FAILED"
)

// MarshalGQL writes the value.
func (e DataExportStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *DataExportStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ExportWaiting, ExportRunning, ExportReady, ExportExpired, ExportFailed)
	return err
}

// TableExportSubject is of what a file of rows is.
type TableExportSubject string

// The values of TableExportSubject.
const (
	OfOrders  TableExportSubject = "ORDERS"
	OfEntries TableExportSubject = "ENTRIES"
)

// MarshalGQL writes the value.
func (e TableExportSubject) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *TableExportSubject) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, OfOrders, OfEntries)
	return err
}

// TableFormat is the format of a file of rows.
type TableFormat string

// The values of TableFormat.
const (
	CSV  TableFormat = "CSV"
	XLSX TableFormat = "XLSX"
)

// MarshalGQL writes the value.
func (e TableFormat) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *TableFormat) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, CSV, XLSX)
	return err
}

// OrderColumn is a column of a file of orders.
type OrderColumn string

// The values of OrderColumn, in the order of the SDL.
const (
	ColumnNumber        OrderColumn = "NUMBER"
	ColumnPlacedAt      OrderColumn = "PLACED_AT"
	ColumnLabel         OrderColumn = "STATUS_LABEL"
	ColumnStatus        OrderColumn = "STATUS"
	ColumnPayment       OrderColumn = "PAYMENT_STATUS"
	ColumnFulfillment   OrderColumn = "FULFILLMENT_STATUS"
	ColumnChannel       OrderColumn = "CHANNEL"
	ColumnBuyer         OrderColumn = "BUYER"
	ColumnCurrency      OrderColumn = "CURRENCY"
	ColumnSubtotal      OrderColumn = "SUBTOTAL"
	ColumnDiscount      OrderColumn = "DISCOUNT"
	ColumnShipping      OrderColumn = "SHIPPING"
	ColumnTax           OrderColumn = "TAX"
	ColumnTotal         OrderColumn = "TOTAL"
	ColumnPaid          OrderColumn = "PAID"
	ColumnRefunded      OrderColumn = "REFUNDED"
	ColumnPointsEarned  OrderColumn = "POINTS_EARNED"
	ColumnPointsSpent   OrderColumn = "POINTS_SPENT"
	ColumnNote          OrderColumn = "NOTE"
	ColumnExternalID    OrderColumn = "EXTERNAL_ID"
	ColumnLineSku       OrderColumn = "LINE_SKU"
	ColumnLineTitle     OrderColumn = "LINE_TITLE"
	ColumnLineCategory  OrderColumn = "LINE_CATEGORY"
	ColumnLineQuantity  OrderColumn = "LINE_QUANTITY"
	ColumnLineUnitPrice OrderColumn = "LINE_UNIT_PRICE"
	ColumnLineDiscount  OrderColumn = "LINE_DISCOUNT"
	ColumnLineTax       OrderColumn = "LINE_TAX"
	ColumnLineTotal     OrderColumn = "LINE_TOTAL"
)

var allColumns = append([]OrderColumn{
	ColumnNumber, ColumnPlacedAt, ColumnLabel, ColumnStatus, ColumnPayment, ColumnFulfillment, ColumnChannel, ColumnBuyer, ColumnCurrency,
	ColumnSubtotal, ColumnDiscount, ColumnShipping, ColumnTax, ColumnTotal, ColumnPaid, ColumnRefunded, ColumnPointsEarned, ColumnPointsSpent,
	ColumnNote, ColumnExternalID,
}, lineColumns...)

// usual are the columns of a file where nobody says which.
var usual = []OrderColumn{
	ColumnNumber, ColumnPlacedAt, ColumnLabel, ColumnChannel, ColumnCurrency, ColumnSubtotal, ColumnDiscount, ColumnShipping, ColumnTax,
	ColumnTotal, ColumnPaid, ColumnRefunded, ColumnPointsEarned, ColumnPointsSpent,
}

var lineColumns = []OrderColumn{
	ColumnLineSku, ColumnLineTitle, ColumnLineCategory, ColumnLineQuantity, ColumnLineUnitPrice, ColumnLineDiscount, ColumnLineTax, ColumnLineTotal,
}

// MarshalGQL writes the value.
func (e OrderColumn) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *OrderColumn) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, allColumns...)
	return err
}
