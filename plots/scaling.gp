# Validation loss over training tokens and, with models of several sizes, over parameters, on logarithmic axes.
# `dat report` sets (index i: line, f: family of models, both from 1)
#   folder, output, format ("svg", "png"), note, n_panels, n_lines, n_families
#   X_ticks, X_low, X_high for the axes X = tokens, losses, sizes, ends
#   label_i, colour_i, marker_i, params_i, last_i; family_f (empty: no law), family_marker_f
# and the files folder/curve_i (tokens, mean, low, high), law_i and family_f (two ends of a power law, or empty).

given(name, i) = value(sprintf("%s_%d", name, i))
file(kind, i) = sprintf("%s/%s_%d", folder, kind, i)
marker(i) = given("marker", i)
tint(i) = given("colour", i)

# Families that have a law, and lines that have one.
laws = ""
do for [f = 1:n_families] { if (strlen(given("family", f)) > 0) { laws = laws . sprintf(" %d", f) } }
fitted = ""
do for [i = 1:n_lines] {
    if (strstrt(given("label", i), "a = ") > 0) { fitted = fitted . sprintf(" %d", i) }
}
# gnuplot reads the first item of an empty loop without drawing it: the first curve stands in for none.
nth(list, k) = k <= words(list) ? int(word(list, k)) : 1
law(kind, list, k) = k <= words(list) ? file(kind, nth(list, k)) : file("curve", 1)

# All measures are in pixels from the left and the top.
width = 1600.0
cell_width = width / n_panels
cell_height = 700.0
longest = 0
do for [i = 1:n_lines] { longest = strlen(given("label", i)) > longest ? strlen(given("label", i)) : longest }
entry_width = 13 * longest + 120
per_row = int(width / entry_width) < 1 ? 1 : int(width / entry_width) > n_lines ? n_lines : int(width / entry_width)
legend_height = 36 * ((n_lines + per_row - 1) / per_row) + 10
height = cell_height + legend_height + 40

if (format eq "png") {
    set terminal pngcairo noenhanced size width, height font "DejaVu Sans,15" linewidth 1.5 background "#FFFFFF"
} else {
    set terminal svg noenhanced size width, height font "Helvetica,DejaVu Sans,sans-serif,20" linewidth 1.5 \
        background "#FFFFFF"
}
set encoding utf8
set output output
set multiplot

set border 3 linecolor rgb "#444444"
set tics nomirror out scale 0.6 textcolor rgb "#222222"
set grid ytics back linetype 1 linecolor rgb "#DDDDDD" linewidth 0.7
set logscale xy
unset mxtics
unset mytics
unset key
set tmargin at screen 1 - 30 / height
set bmargin at screen 1 - (cell_height - 75) / height

set lmargin at screen 115 / width
set rmargin at screen (cell_width - 25) / width
set ylabel "validation loss" offset 0.5, 0 textcolor rgb "#222222"
set xlabel "training tokens" offset 0, 0.3 textcolor rgb "#222222"
set xrange [tokens_low:tokens_high]
set yrange [losses_low:losses_high]
eval "set xtics (" . tokens_ticks . ")"
eval "set ytics (" . losses_ticks . ")"
plot for [i = 1:n_lines] file("curve", i) using 1:3:4 with filledcurves fillcolor rgb tint(i) \
         fillstyle transparent solid 0.16 noborder, \
     for [k = 1:words(fitted)] law("law", fitted, k) with lines dashtype (8, 8) linewidth 1.2 \
         linecolor rgb tint(nth(fitted, k)), \
     for [i = 1:n_lines] file("curve", i) using 1:2 with linespoints linewidth 1.8 linecolor rgb tint(i) \
         pointtype marker(i) pointsize 1.1

if (n_panels > 1) {
    set lmargin at screen (cell_width + 115) / width
    set rmargin at screen (width - 25) / width
    set ylabel "validation loss after training" offset 0.5, 0 textcolor rgb "#222222"
    set xlabel "parameters" offset 0, 0.3 textcolor rgb "#222222"
    set xrange [sizes_low:sizes_high]
    set yrange [ends_low:ends_high]
    eval "set xtics (" . sizes_ticks . ")"
    eval "set ytics (" . ends_ticks . ")"
    set key top right Right spacing 1.4 samplen 4 textcolor rgb "#000000"
    plot for [k = 1:words(laws)] law("family", laws, k) with lines dashtype nth(laws, k) + 1 linewidth 1.4 \
             linecolor rgb "#777777" notitle, \
         for [i = 1:n_lines] "+" using (given("params", i)):(given("last", i)) every ::0::0 with points \
             pointtype marker(i) pointsize 1.6 linecolor rgb tint(i) notitle, \
         for [k = 1:words(laws)] NaN with linespoints dashtype nth(laws, k) + 1 linewidth 1.4 \
             pointtype given("family_marker", nth(laws, k)) pointsize 1.6 linecolor rgb "#777777" \
             title given("family", nth(laws, k))
}

# The legend below the panels.
unset border
unset tics
unset grid
unset xlabel
unset ylabel
unset logscale
set lmargin at screen 0
set rmargin at screen 1
set tmargin at screen 1
set bmargin at screen 0
set xrange [0:1]
set yrange [0:1]
set label note at screen 0.5, 18 / height center textcolor rgb "#555555"
set key at screen 0.5, (legend_height / 2 + 40) / height center center horizontal maxcols per_row Left reverse \
    spacing 1.4 samplen 3 textcolor rgb "#000000"
plot for [i = 1:n_lines] 2 with linespoints linewidth 1.8 linecolor rgb tint(i) \
         pointtype marker(i) pointsize 1.1 title given("label", i)
unset multiplot
