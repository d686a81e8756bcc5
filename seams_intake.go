package main

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"kabinet/internal/account/arrival"
	"kabinet/internal/order/goods"
	"kabinet/internal/profile"
	"kabinet/internal/promotion"
	"kabinet/internal/store"
)

// wireIntake builds what takes over things from outside systems.
func (k *kabinet) wireIntake() {
	k.goods = &goods.Goods{Store: k.store}
	k.arrivals = &arrival.Arrivals{
		Store: k.store, Country: k.cfg.Registration.Country, Locale: k.cfg.Locale, TimeZone: k.cfg.TimeZone.String(),
		CheckAddress:  func(in *arrival.UpsertAddressInput) error { return profile.CheckAddress(addressOf(in)) },
		SaveAddresses: saveAddresses, Clubs: promotion.ClubsNamed, Enrol: promotion.Enrol,
	}
}

func saveAddresses(ctx context.Context, tx *store.Tx, list map[uuid.UUID][]*arrival.UpsertAddressInput, try bool) (changed, full map[uuid.UUID]bool, err error) {
	theirs := make(map[uuid.UUID][]profile.SaveAddressInput, len(list))
	for id, addresses := range list {
		for _, in := range addresses {
			theirs[id] = append(theirs[id], addressOf(in))
		}
	}
	return profile.TakeAddresses(ctx, tx, theirs, try)
}

func addressOf(in *arrival.UpsertAddressInput) profile.SaveAddressInput {
	return profile.SaveAddressInput{
		Label: graphql.OmittableOf(&in.Label), Name: graphql.OmittableOf(in.Name), Organization: graphql.OmittableOf(in.Organization),
		Phone: graphql.OmittableOf(in.Phone), Country: graphql.OmittableOf(in.Country), Lines: graphql.OmittableOf(in.Lines),
		District: graphql.OmittableOf(in.District), City: graphql.OmittableOf(in.City), Region: graphql.OmittableOf(in.Region),
		PostalCode: graphql.OmittableOf(in.PostalCode), Note: graphql.OmittableOf(in.Note),
	}
}
