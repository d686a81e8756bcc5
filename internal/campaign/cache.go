package campaign

// campaignCache and ruleCache are filled in cache.go's second half once the
// tables are generated.
type (
	campaignCache struct{}
	ruleCache     struct{}
)
