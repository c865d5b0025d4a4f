/* A string rings when it is touched; a tone in the list winds the film to its place. */
{
  const sounds = new Map();
  for (const string of document.querySelectorAll("[data-sound]")) string.addEventListener("click", () => {
    const address = string.dataset.sound;
    if (!sounds.has(address)) sounds.set(address, new Audio(address));
    const sound = sounds.get(address);
    sound.currentTime = 0;
    sound.play().catch(() => {});  /* a browser that plays nothing, or a server without the strings */
    string.classList.remove("rings");
    void string.offsetWidth;  /* so that the animation begins anew */
    string.classList.add("rings");
  });
  const film = document.getElementById("film"), tones = [...document.querySelectorAll("[data-at]")];
  for (const tone of tones) tone.addEventListener("click", () => { film.currentTime = +tone.dataset.at; film.play().catch(() => {}); });
  film.addEventListener("timeupdate", () => {
    const current = tones.findLast(tone => +tone.dataset.at <= film.currentTime + .05);
    for (const tone of tones) tone.setAttribute("aria-current", tone === current ? "true" : "false");
  });
}
