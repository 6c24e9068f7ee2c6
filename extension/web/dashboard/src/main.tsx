import { render } from "preact";
import { App } from "./app";
import { currentSettings, onSettings } from "./state/settings";
import { startTexts } from "./text";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import "./styles/charts.css";
import "./styles/print.css";

function paint(): void {
  const { theme } = currentSettings();
  if (theme) document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
}

paint();
onSettings(paint);
await startTexts();
render(<App />, document.getElementById("app")!);
