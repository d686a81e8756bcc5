package main

import (
	"kabinet/internal/account/factor"
	"kabinet/internal/store"
)

// secondFactors builds second factors and passkeys and ties them to the gate.
func (k *kabinet) secondFactors(s *store.Store, sealer *store.Sealer) (err error) {
	k.factors, err = factor.New(factor.Options{
		Store: s, People: k.people, Sealer: sealer,
		Domain: k.cfg.PasskeyDomain(), Origins: k.cfg.PasskeyOrigins(), Name: k.cfg.Passkeys.Name,
	})
	if err == nil {
		k.factors.Attach()
	}
	return err
}
