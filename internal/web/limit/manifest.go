package limit

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Manifest is one file of trusted documents, as a build wrote it.
type Manifest struct {
	Name      string // for messages: the path of the file
	Documents []ManifestDocument
}

// ManifestDocument is one row of a manifest.
type ManifestDocument struct {
	ID   string // the hash, with "sha256:" before it or without, or any other name
	Text string
}

const apolloManifest = "apollo-persisted-query-manifest"

// ReadManifest reads either of the two forms in use: one JSON object of id and
// text, as graphql-codegen, Relay and others write it, or Apollo's manifest.
// The error is for the operator and says what is wrong, without the name.
func ReadManifest(name string, data []byte) (Manifest, error) {
	m := Manifest{Name: name}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return m, fmt.Errorf("it is no JSON object: %w", err)
	}
	var err error
	if _, apollo := object["format"]; apollo {
		m.Documents, err = apolloDocuments(data)
	} else {
		m.Documents, err = plainDocuments(object)
	}
	if err == nil && len(m.Documents) == 0 {
		err = errors.New("it holds no documents")
	}
	return m, err
}

func plainDocuments(object map[string]json.RawMessage) ([]ManifestDocument, error) {
	var out []ManifestDocument
	for _, id := range slices.Sorted(maps.Keys(object)) {
		var text *string
		if err := json.Unmarshal(object[id], &text); err != nil || text == nil {
			return nil, fmt.Errorf("%q is not the text of a document", id)
		}
		out = append(out, ManifestDocument{id, *text})
	}
	return out, nil
}

func apolloDocuments(data []byte) ([]ManifestDocument, error) {
	var m struct {
		Format     string
		Version    int
		Operations []struct{ ID, Body string }
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("it is no manifest of Apollo: %w", err)
	}
	if m.Format != apolloManifest || m.Version != 1 {
		return nil, fmt.Errorf("its format %q, version %d is not known: it must be %q, version 1", m.Format, m.Version, apolloManifest)
	}
	var out []ManifestDocument
	for i, op := range m.Operations {
		if op.ID == "" || op.Body == "" {
			return nil, fmt.Errorf("operation %d has no id or no body", i+1)
		}
		out = append(out, ManifestDocument{op.ID, op.Body})
	}
	return out, nil
}
