/** What one genre talks about: subjects for titles, six tags of its own. */
export interface DemoGenre {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly tags: readonly string[];
}

const genre = (name: string, subjects: string, tags: string): DemoGenre => ({
  name,
  subjects: subjects.split(" "),
  tags: tags.split(" "),
});

/** 25 neutral genres with 150 tags between them. */
export const demoGenres: readonly DemoGenre[] = [
  genre("旅行", "島めぐり 峠越え 船旅 寄り道 ひとり旅 巡礼路", "離島 民宿 地図 夜行バス 峠道 旅ノート"),
  genre("料理", "だし巻き 土鍋ごはん 煮込み 手打ちそば 朝ごはん 常備菜", "和食 発酵 だし 包丁 季節の味 弁当"),
  genre("手仕事", "木の器 藍染め 編みかご 和紙 刺し子 ろくろ", "木工 染色 陶芸 編み物 道具 修理"),
  genre("動物", "子ぎつね 老犬 路地の猫 牧場の馬 かわうそ ふくろう", "猫 犬 野鳥 牧場 保護 飼育員"),
  genre("スポーツ", "駅伝 草野球 卓球台 かけっこ 綱引き 朝練", "陸上 球技 水泳 合宿 決勝 コーチ"),
  genre(
    "ドキュメンタリー",
    "ある一日 最後の授業 閉店の日 十年後 町の記録 声の記憶",
    "密着 証言 取材 仕事 家族 記録",
  ),
  genre("自然", "ぶなの森 湿原 雪どけ 霧の谷 渡り鳥 苔の庭", "森 川 雪 生態系 四季 保護区"),
  genre("鉄道", "始発列車 廃線跡 駅弁 単線の駅 夜行列車 踏切", "車窓 駅舎 蒸気機関車 路面電車 時刻表 運転席"),
  genre("音楽", "吹奏楽 三味線 路上の歌 古いピアノ 合唱 太鼓", "演奏 民謡 ジャズ 練習 楽器 舞台"),
  genre("歴史", "城跡 宿場町 古文書 海の道 縄文の土器 石垣", "城 古墳 街道 武家 発掘 年表"),
  genre("建築", "茶室 団地 木造校舎 橋 町家 灯台", "設計 改修 木造 庭園 図面 窓"),
  genre("園芸", "朝顔 盆栽 ばらの庭 菜園 苗木 ベランダの緑", "花 野菜 土づくり 剪定 種まき 温室"),
  genre("釣り", "渓流 防波堤 船釣り 夜釣り あゆ いかだ", "渓流釣り 磯 仕掛け 朝まずめ 漁港 毛ばり"),
  genre("登山", "岩稜 山小屋 縦走 雪渓 里山 御来光", "山頂 テント 尾根 山岳 装備 下山"),
  genre("海", "珊瑚 海女 凪の湾 干潟 くじら 波乗り", "潜水 漁師 砂浜 潮だまり 船 灯り"),
  genre("星空", "流星群 月食 天の川 望遠鏡 冬の星座 観測所", "星座 月 天文台 夜空 彗星 撮影"),
  genre("写真", "古いカメラ 暗室 露光 路地の光 家族写真 フィルム", "レンズ 現像 構図 人物 白黒 散歩"),
  genre("読書", "古本屋 貸本 朗読 図書館 詩集 栞", "書店 文庫 絵本 書斎 編集 装丁"),
  genre("美術", "水彩 版画 屏風 彫刻 画室 素描", "絵画 展覧会 修復 顔料 筆 工房"),
  genre("科学", "顕微鏡 実験室 鉱石 気象台 化石 ロボット", "実験 物理 宇宙 数学 発明 観察"),
  genre("街歩き", "坂道 商店街 銭湯 路地裏 橋めぐり 朝市", "路地 下町 純喫茶 看板 坂 地形"),
  genre("温泉", "湯治場 露天風呂 共同浴場 湯けむり 秘湯 足湯", "源泉 旅館 湯めぐり 浴衣 冬の宿 山の湯"),
  genre("祭り", "神輿 灯籠 盆踊り 山車 花火 獅子舞", "夏祭り 伝統 囃子 屋台 奉納 準備"),
  genre("乗り物", "渡し船 古いバス 自転車 気球 除雪車 ケーブルカー", "整備 操縦 港 車庫 試運転 部品"),
  genre("茶と菓子", "抹茶 団子 和三盆 焼き菓子 番茶 水ようかん", "茶畑 和菓子 砂糖 急須 季節の菓子 茶会"),
];

/** Every tag; those of genre `g` are at `6 g` to `6 g + 5`. */
export const demoTags: readonly string[] = demoGenres.flatMap(({ tags }) => tags);

/** Japan's 47 prefectures. */
export const prefectures: readonly string[] =
  `北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県 新潟県 富山県
  石川県 福井県 山梨県 長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県 鳥取県 島根県
  岡山県 広島県 山口県 徳島県 香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県`.split(
    /\s+/,
  );

/** Places of no map, for titles. */
export const places: readonly string[] =
  `霧ヶ浦 白銀町 風見ヶ丘 汐待港 月見坂 若葉沢 千鳥浜 朝霧村 鈴鳴川 灯台岬 花咲谷 雲井峠 水鏡湖 竹の里 夕凪島 星降高原
  桜川筋 石畳通り 青葉台 雪待峠`.split(/\s+/);

/** What a title adds to its subject. */
export const titlePatterns: readonly ((words: {
  readonly place: string;
  readonly subject: string;
  readonly season: string;
}) => string)[] = [
  ({ place, subject }) => `${place}の${subject}`,
  ({ season, subject }) => `${season}の${subject}`,
  ({ place, season, subject }) => `${place}、${season}の${subject}`,
  ({ subject }) => `${subject}をたずねて`,
  ({ subject, season }) => `${season}、${subject}と過ごす`,
  ({ subject }) => `${subject}のある暮らし`,
  ({ place, subject }) => `${place}から始まる${subject}`,
  ({ subject }) => `はじめての${subject}`,
];

/** When. */
export const seasons: readonly string[] = "春 初夏 真夏 秋 晩秋 冬 早春 夜明け 夕暮れ 雨の日".split(" ");

const makerStems =
  "青葉 汐見野 白樺坂 月待 若竹原 朝凪 千草 雲雀野 灯乃 風花 水無瀬野 鈴蘭 楓坂 真珠星 木洩日".split(" ");
const makerEnds = "映像 製作所 フィルム工房 スタジオ".split(" ");

/** 60 invented makers. */
export const demoMakers: readonly string[] = makerEnds.flatMap((end) => makerStems.map((stem) => stem + end));

const seriesStems =
  "ゆっくり まいにち となりの 小さな 遠くの 静かな ふたりの 土曜の 真夜中の 晴れときどき いつかの 百年の 手のひらの 路地裏 ひだまり 風待ち 虹色 はじまりの 昼下がりの 終着駅の".split(
    " ",
  );
const seriesEnds = "手帖 散歩道 物語 時間 便り 教室 探訪 日和 記 図鑑 帰り道 約束 宿題 窓辺 地図".split(" ");

/** 300 series. */
export const demoSeries: readonly string[] = seriesEnds.flatMap((end) =>
  seriesStems.map((stem) => stem + end),
);

const familyNames =
  "汐凪 雨森野 月見坂 灯野 雪待 風早瀬 星川路 花澄 霧立 朝比良 露草 千鳥川 若葉瀬 水鏡 雲居沢 音無瀬 鈴ノ木 竹生野 夕霧 陽向".split(
    " ",
  );
const givenNames = "澪 蓮 灯 楓 湊 紬 律 葵 朔 凪 杏 奏 詩 晴 雫 樹 千歳 遥 結 陸".split(" ");

/** 400 invented performers. */
export const demoPerformers: readonly string[] = familyNames.flatMap((family) =>
  givenNames.map((given) => `${family} ${given}`),
);

/** Ranges of viewers' ages; all are adults. */
export const ageRanges: readonly string[] = ["18-24", "25-34", "35-44", "45-54", "55-64", "65+"];
