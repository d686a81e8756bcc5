package schema

import "github.com/google/uuid"

// Privacy is what a person allows and shows; what is nil is the default.
type Privacy struct {
	Personalisation *bool   `json:"personalisation,omitempty"`
	Analytics       *bool   `json:"analytics,omitempty"`
	Sharing         *bool   `json:"sharing,omitempty"`
	Findable        *bool   `json:"findable,omitempty"`
	NameShownTo     *string `json:"nameShownTo,omitempty"` // EVERYBODY, SHORTENED or NOBODY
}

// DeliveryPreference is how goods are delivered when nothing else is said.
type DeliveryPreference struct {
	Method      string     `json:"method"` // COURIER, POST, PICKUP_POINT, LOCKER or SHOP
	AddressID   *uuid.UUID `json:"addressId,omitempty"`
	RecipientID *uuid.UUID `json:"recipientId,omitempty"`
	PointID     string     `json:"pointId,omitempty"` // of the shop's system
	PointName   string     `json:"pointName,omitempty"`
}

// Requisites are the details of a business: numbers without blanks.
type Requisites struct {
	LegalName            string `json:"legalName,omitempty"`
	INN                  string `json:"inn,omitempty"`
	KPP                  string `json:"kpp,omitempty"`
	OGRN                 string `json:"ogrn,omitempty"`
	OGRNIP               string `json:"ogrnip,omitempty"`
	RegistrationNumber   string `json:"registrationNumber,omitempty"`
	IBAN                 string `json:"iban,omitempty"`
	BIC                  string `json:"bic,omitempty"`
	Account              string `json:"account,omitempty"`
	CorrespondentAccount string `json:"correspondentAccount,omitempty"`
	BankName             string `json:"bankName,omitempty"`
}
