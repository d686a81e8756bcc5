package article

// Index keeps the words of a version, as publishing does.
var Index = index
