// Package documents holds the GraphQL documents of the scenarios, as a client
// would have them in its own files.
package documents

import "embed"

//go:embed *.graphql graphjin/*.graphql postgraphile/*.graphql
var files embed.FS

// Text is the document of a name.
func Text(name string) string {
	b, err := files.ReadFile(name + ".graphql")
	if err != nil {
		panic(err) // the name is ours
	}
	return string(b)
}
