package demo

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/internal/bonus"
	"kabinet/internal/scalar"
)

// bonus lets members of the default programme give points to each other, asks
// for two members of staff above 1,000, and does some of it: a gift, points
// held for a basket, a correction that waits.
func (d *load) bonus(ctx context.Context) error {
	staff, customer := AsStaff(ctx, d.staff), as(ctx, d.customer, d.customer)
	prog, err := d.Points.Program(ctx, nil)
	if err != nil {
		return err
	}
	if !prog.Transfers {
		most, daily, limit, least := int64(500), int64(1000), int64(1000), int64(10)
		id := prog.GlobalID()
		_, err := d.Points.SaveProgram(staff, bonus.SaveBonusProgramInput{
			ID: &id, TransferLimits: graphql.OmittableOf(&bonus.TransferLimitsInput{Min: &least, Max: &most, Daily: &daily}),
			AdjustmentLimit: graphql.OmittableOf(&limit),
		})
		if err != nil {
			return err
		}
	}
	email, note := "partner@example.com", "For the tea"
	_, err = d.Points.Transfer(customer, bonus.TransferPointsInput{To: bonus.PointsRecipient{Email: &email}, Amount: 40, Note: &note, IdempotencyKey: "demo-gift"})
	if err != nil {
		return err
	}
	basket := "Basket 1"
	if _, err = d.Points.Hold(customer, bonus.HoldPointsInput{Amount: 60, Reference: &basket, IdempotencyKey: "demo-hold"}); err != nil {
		return err
	}
	_, err = d.Points.Adjust(staff, bonus.AdjustPointsInput{
		UserID: scalar.ID{Prefix: "usr", UUID: d.customer}, Amount: 1500, Reason: "A parcel went lost", IdempotencyKey: "demo-correction",
	})
	return err
}
