// Loaded by Node itself, so that it imports without the test runner in between.
module.exports = (url) => import(url);
