package demo

import (
	"context"

	"github.com/google/uuid"

	"kabinet/internal/account/desk"
	"kabinet/internal/demo/outbox"
	"kabinet/internal/notify/endpoint"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
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

// chat links the customer's chat, as if its code had been said to the bot.
func (d *load) chat(ctx context.Context) error {
	if d.Chats == nil {
		return nil
	}
	v := viewer.From(as(ctx, d.customer, d.customer))
	v.SessionID = uuid.Must(uuid.NewV7()) // a chat is linked by a person who is signed in
	customer := viewer.With(ctx, v)
	if links, err := d.Chats.Links(customer, d.customer); err != nil || len(links) > 0 {
		return err
	}
	linking, err := d.Chats.Link(customer, endpoint.LinkMessengerInput{Messenger: endpoint.Telegram})
	if err != nil {
		return err
	}
	_, err = d.Chats.OnSaid(ctx, endpoint.Said{Chat: outbox.Chat, Text: "/start " + *linking.Code, Name: "@emma_wilson", Language: "en"})
	return err
}
