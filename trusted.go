package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	gql "kabinet/graph/generated"
	"kabinet/internal/config"
	"kabinet/internal/web/limit"
)

// trusted reads the manifests of trusted documents for a server and checks
// each document against the SDL. That comes before the database is opened, so
// that a manifest of another version does not migrate it. The error names the
// setting and all that is wrong.
func trusted(cfg *config.Config, log *slog.Logger, serves bool) (*limit.Trusted, error) {
	if !serves || len(cfg.TrustedDocuments) == 0 {
		return nil, nil
	}
	var manifests []limit.Manifest
	var wrong []error
	for _, path := range cfg.TrustedDocuments {
		data, err := os.ReadFile(path)
		if err == nil {
			var m limit.Manifest
			m, err = limit.ReadManifest(path, data)
			manifests = append(manifests, m)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("KABINET_TRUSTED_DOCUMENTS=%s: %w", path, err))
		}
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	t, err := limit.Trust(gql.NewExecutableSchema(gql.Config{}).Schema(), limits(cfg.Limits), cfg.Development(), manifests...)
	if err != nil {
		return nil, fmt.Errorf("KABINET_TRUSTED_DOCUMENTS: documents that this version of the schema does not allow:\n%w", err)
	}
	t.Only = cfg.TrustedOnly
	log.Info("trusted documents", "documents", t.Len(), "only", t.Only)
	return t, nil
}
