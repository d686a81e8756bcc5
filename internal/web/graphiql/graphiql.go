// Package graphiql owns the page at "/" in development: GraphiQL, bundled with
// everything it needs, so that it works without the internet. The bundle in
// assets is made by `make graphiql` (build/build.mjs: npm ci, then esbuild) and
// committed; the server never builds it.
package graphiql

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io"
	"net/http"
	"strings"
)

//go:embed assets/*.gz
var assets embed.FS

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kabinet</title>
<link rel="stylesheet" href="/graphiql/graphiql.css">
<style>body{margin:0}#graphiql{height:100vh}</style>
</head>
<body>
<div id="graphiql">Loading…</div>
<script src="/graphiql/graphiql.js"></script>
</body>
</html>
`

// The editor sets styles on elements; everything else comes from this server.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"font-src data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler answers "/" and "/graphiql/…".
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Security-Policy", policy)
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, page)
		case "/graphiql/graphiql.js":
			asset(w, r, "graphiql.js.gz", "text/javascript; charset=utf-8")
		case "/graphiql/graphiql.css":
			asset(w, r, "graphiql.css.gz", "text/css; charset=utf-8")
		default:
			http.NotFound(w, r)
		}
	})
}

// asset is sent as it is stored, packed, to all who understand that.
func asset(w http.ResponseWriter, r *http.Request, name, contentType string) {
	packed, err := assets.ReadFile("assets/" + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Add("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed)
		return
	}
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		http.Error(w, "the bundle is broken", http.StatusInternalServerError)
		return
	}
	_, _ = io.Copy(w, plain)
}
