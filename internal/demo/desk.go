package demo

import (
	"context"

	"kabinet/internal/account/desk"
	"kabinet/internal/scalar"
)

// reception makes what staff does for people: a child whom the customer represents,
// and a person whom the reception gave a login name.
func (d *load) reception(ctx context.Context) error {
	staff := AsStaff(ctx, d.staff)
	born, note := "2016-04-12", "birth certificate, seen at the reception"
	child, err := d.Desk.CreateUser(staff, desk.CreateUserInput{DisplayName: "Lily Wilson", BirthOn: &born, ExternalKey: &scalar.ExternalKey{Source: "demo", ID: "lily"}})
	if err != nil {
		return err
	}
	_, err = d.Desk.SaveRepresentation(staff, desk.SaveRepresentationInput{RepresentativeID: scalar.ID{Prefix: "usr", UUID: d.customer},
		RepresentedID: child.User.GlobalID(), Basis: desk.RepresentationBasisParent, DocumentNote: note})
	if err != nil {
		return err
	}
	guest, err := d.Desk.CreateUser(staff, desk.CreateUserInput{DisplayName: "George Reed", ExternalKey: &scalar.ExternalKey{Source: "demo", ID: "george"}})
	if err != nil || !*guest.Created {
		return err
	}
	login := "george.reed"
	_, err = d.Desk.IssueCredentials(staff, desk.IssueCredentialsInput{UserID: guest.User.GlobalID(), Login: &login})
	return err
}
