package invoice

import (
	"io"

	"kabinet/internal/scalar"
)

// InvoiceStatus is where an invoice stands.
type InvoiceStatus string

// The states; OVERDUE is worked out of the time, the others are stored.
const (
	Issued  InvoiceStatus = "ISSUED"
	Overdue InvoiceStatus = "OVERDUE"
	Paid    InvoiceStatus = "PAID"
	Void    InvoiceStatus = "VOID"
)

// MarshalGQL writes the status.
func (e InvoiceStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a status.
func (e *InvoiceStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, Issued, Overdue, Paid, Void)
	return err
}

// PaymentMeans is by what money came that did not come through Kabinet; a
// payment keeps it as its method.
type PaymentMeans string

// The means.
const (
	ByBank    PaymentMeans = "BANK_TRANSFER"
	ByCash    PaymentMeans = "CASH"
	ByCard    PaymentMeans = "CARD"
	ElseMeans PaymentMeans = "EXTERNAL"
)

// MarshalGQL writes the means.
func (e PaymentMeans) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads means.
func (e *PaymentMeans) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ByBank, ByCash, ByCard, ElseMeans)
	return err
}

// PaymentSurplus is what becomes of money that is more than is owed.
type PaymentSurplus string

// What may become of it.
const (
	SurplusRefuse  PaymentSurplus = "REFUSE"
	SurplusOweBack PaymentSurplus = "OWE_BACK"
)

// MarshalGQL writes it.
func (e PaymentSurplus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads it.
func (e *PaymentSurplus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, SurplusRefuse, SurplusOweBack)
	return err
}
