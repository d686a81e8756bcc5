package main

import "kabinet/internal/account/desk"

// newDesk makes what staff does for people.
func (k *kabinet) newDesk() (*desk.Desk, error) {
	return desk.New(desk.Options{Store: k.store, People: k.people, SiteURL: k.cfg.PublicURL, PasswordTTL: k.cfg.Session.InitialPassword,
		Locale: k.cfg.Locale, TimeZone: k.cfg.TimeZone.String(), Log: k.log})
}
