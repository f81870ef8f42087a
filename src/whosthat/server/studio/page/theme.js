// Before anything is painted, so that a page that was set to dark never flashes white. The switch itself is in modules/views/settings.js.
document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "";
