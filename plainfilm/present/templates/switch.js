// The switch works without this; with it, the language of the page is told to screen readers, too.
document.querySelectorAll(".choice").forEach(function (choice) {
  choice.addEventListener("change", function () {
    document.documentElement.lang = choice.dataset.tag;
    var heading = document.querySelector('h1 [lang="' + document.documentElement.lang + '"]') || document.querySelector("h1");
    document.title = heading.textContent;
  });
});
