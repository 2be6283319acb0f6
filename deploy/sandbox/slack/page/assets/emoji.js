// The emoji shortcodes this page knows, as Slack names them. An unknown one is left as typed.

const TABLE = `
white_check_mark ✅|heavy_check_mark ✔️|check ✔️|ballot_box_with_check ☑️|x ❌|negative_squared_cross_mark ❎
no_entry ⛔|no_entry_sign 🚫|octagonal_sign 🛑|warning ⚠️|rotating_light 🚨|question ❓|grey_question ❔
exclamation ❗|bangbang ‼️|information_source ℹ️|hourglass ⌛|hourglass_flowing_sand ⏳|stopwatch ⏱️
alarm_clock ⏰|clock1 🕐|clock3 🕒|clock6 🕕|calendar 📅|date 📅|spiral_calendar_pad 🗓️|lock 🔒|unlock 🔓
closed_lock_with_key 🔐|key 🔑|old_key 🗝️|shield 🛡️|rocket 🚀|gear ⚙️|wrench 🔧|hammer 🔨
hammer_and_wrench 🛠️|nut_and_bolt 🔩|package 📦|floppy_disk 💾|cd 💿|dvd 📀|file_cabinet 🗄️|card_file_box 🗃️
computer 💻|desktop_computer 🖥️|keyboard ⌨️|satellite 🛰️|satellite_antenna 📡|electric_plug 🔌|battery 🔋
bulb 💡|mag 🔍|mag_right 🔎|link 🔗|paperclip 📎|pushpin 📌|round_pushpin 📍|memo 📝|pencil 📝|pencil2 ✏️
clipboard 📋|page_facing_up 📄|scroll 📜|bookmark 🔖|label 🏷️|ledger 📒|books 📚|bar_chart 📊
chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|arrow_up ⬆️|arrow_down ⬇️|arrow_left ⬅️
arrow_right ➡️|arrow_upper_right ↗️|arrows_counterclockwise 🔄|arrows_clockwise 🔃|repeat 🔁|rewind ⏪
fast_forward ⏩|arrow_forward ▶️|double_vertical_bar ⏸️|pause_button ⏸️|black_square_for_stop ⏹️|stop_button ⏹️
leftwards_arrow_with_hook ↩️|back 🔙|soon 🔜|new 🆕|ok 🆗|sos 🆘|red_circle 🔴|large_orange_circle 🟠
large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵|large_purple_circle 🟣|white_circle ⚪
black_circle ⚫|large_green_square 🟩|large_red_square 🟥|large_yellow_square 🟨|white_large_square ⬜
small_blue_diamond 🔹|small_orange_diamond 🔸|heavy_plus_sign ➕|heavy_minus_sign ➖|recycle ♻️|zap ⚡
fire 🔥|boom 💥|sparkles ✨|star ⭐|star2 🌟|tada 🎉|confetti_ball 🎊|trophy 🏆|dart 🎯|checkered_flag 🏁
triangular_flag_on_post 🚩|construction 🚧|construction_worker 👷|robot_face 🤖|ghost 👻|bug 🐛|snail 🐌
turtle 🐢|eyes 👀|eye 👁️|wave 👋|raised_hands 🙌|raised_hand ✋|hand ✋|pray 🙏|clap 👏|muscle 💪|+1 👍
thumbsup 👍|-1 👎|thumbsdown 👎|ok_hand 👌|point_up ☝️|point_right 👉|point_left 👈|point_down 👇|handshake 🤝
smile 😄|smiley 😃|grinning 😀|grin 😁|joy 😂|slightly_smiling_face 🙂|wink 😉|blush 😊|heart_eyes 😍
sunglasses 😎|thinking_face 🤔|neutral_face 😐|confused 😕|worried 😟|disappointed 😞|cry 😢|sob 😭|scream 😱
sweat 😓|sweat_smile 😅|sleeping 😴|zzz 💤|heart ❤️|green_heart 💚|blue_heart 💙|broken_heart 💔|coffee ☕
tea 🍵|beer 🍺|pizza 🍕|cake 🍰|bell 🔔|no_bell 🔕|loudspeaker 📢|mega 📣|speech_balloon 💬|thought_balloon 💭
email 📧|envelope ✉️|incoming_envelope 📨|inbox_tray 📥|outbox_tray 📤|telephone_receiver 📞|phone ☎️
busts_in_silhouette 👥|bust_in_silhouette 👤|detective 🕵️|cop 👮|crown 👑|office 🏢|house 🏠|factory 🏭
cloud ☁️|sunny ☀️|umbrella ☔|snowflake ❄️|ice_cube 🧊|moon 🌙|earth_africa 🌍|globe_with_meridians 🌐
money_with_wings 💸|moneybag 💰|euro 💶|scales ⚖️|balance_scale ⚖️|test_tube 🧪|microscope 🔬|ladder 🪜
seedling 🌱|evergreen_tree 🌲|whale 🐳|elephant 🐘|dolphin 🐬|snake 🐍|penguin 🐧|one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣
`;

const KNOWN = new Map(
  TABLE.trim().split(/[\n|]/).map((entry) => entry.split(" ")),
);

const SHORTCODE = /:([a-z0-9_+-]{1,40}):(?::skin-tone-[2-6]:)?/g;

/** The character of a shortcode, or undefined. */
export function emoji(name) {
  return KNOWN.get(String(name).split("::")[0]);
}

/** Text with every known `:shortcode:` made a character; unknown ones stay as typed. */
export function withEmoji(text) {
  return String(text).replace(SHORTCODE, (whole, name) => KNOWN.get(name) ?? whole);
}
