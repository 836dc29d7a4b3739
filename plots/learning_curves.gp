# Curves over the size of the training set or of the model, one panel per task. `dat report` sets (index p: panel, i: line, both from 1)
#   folder, output, format ("svg", "png"), axis, x_axis, sparse, note, n_panels, n_lines, n_originals, lowest
#   title_p, ticks_p, logarithmic_p, smallest_p, largest_p; lists of line numbers lines_p, bands_p, few_p, originals_p
#   label_i, colour_i, marker_i, original_colour_i; original_label_j, original_tint_j: the legend of the originals
# and the files folder/p_i.curve (size, mean, low, high, 1 where trials are missing) and p_i.original (size, mean).

given(name, i) = value(sprintf("%s_%d", name, i))
file(p, i, kind) = sprintf("%s/%d_%d.%s", folder, p, i, kind)
# gnuplot reads the first item of an empty loop without drawing it: the panel's first curve stands in for none.
nth(p, name, k) = k <= words(given(name, p)) ? int(word(given(name, p), k)) : int(word(given("lines", p), 1))
original(p, k) = file(p, nth(p, "originals", k), k <= words(given("originals", p)) ? "original" : "curve")
tint(i) = given("colour", i)
# Where lines have few points, or only one, bands and the dots of the originals are hard to see.
n_bars(p) = sparse ? words(given("bands", p)) : 0
dot = sparse ? 0.9 : 0.4

if (n_originals == 0) { original_label_1 = ""; original_tint_1 = "#777777" }

# All measures are in pixels from the left and the top.
width = 1600.0
columns = n_panels < 4 ? n_panels : n_panels == 4 ? 2 : 3
rows = (n_panels + columns - 1) / columns
free_cell = rows * columns > n_panels
cell_width = width / columns
cell_height = columns == 1 ? 800.0 : columns == 2 ? 560.0 : 470.0
longest = 0
do for [i = 1:n_lines] {
    longest = strlen(given("label", i)) > longest ? strlen(given("label", i)) : longest
}
do for [i = 1:n_originals] {
    longest = strlen(given("original_label", i)) > longest ? strlen(given("original_label", i)) : longest
}
entries = n_lines + n_originals
entry_width = 13 * longest + 120
per_row = int(width / entry_width) < 1 ? 1 : int(width / entry_width) > entries ? entries : int(width / entry_width)
legend_height = free_cell ? 0 : 36 * ((entries + per_row - 1) / per_row) + 10
height = rows * cell_height + legend_height + 40

if (format eq "png") {
    set terminal pngcairo noenhanced size width, height font "DejaVu Sans,15" linewidth 1.5 background "#FFFFFF"
} else {
    set terminal svg noenhanced size width, height font "Helvetica,DejaVu Sans,sans-serif,20" linewidth 1.5 \
        background "#FFFFFF"
}
set encoding utf8
set output output
set multiplot

# Panels.
set border 3 linecolor rgb "#444444"
set tics nomirror out scale 0.6 textcolor rgb "#222222"
set grid ytics back linetype 1 linecolor rgb "#DDDDDD" linewidth 0.7
set yrange [lowest:1.0]
set ytics 0.1 format "%.1f"
set format x "%.0f"
unset key
do for [p = 1:n_panels] {
    column = (p - 1) % columns
    row = (p - 1) / columns
    set lmargin at screen (column * cell_width + 95) / width
    set rmargin at screen ((column + 1) * cell_width - 25) / width
    set tmargin at screen 1 - (row * cell_height + 50) / height
    set bmargin at screen 1 - ((row + 1) * cell_height - 75) / height
    set title given("title", p) offset 0, -0.4 textcolor rgb "#000000"
    set ylabel (column == 0 ? axis : "") offset 0.5, 0 textcolor rgb "#222222"
    set xlabel x_axis offset 0, 0.3 textcolor rgb "#222222"
    smallest = given("smallest", p)
    largest = given("largest", p)
    if (given("logarithmic", p)) {
        margin = largest > smallest ? (largest / smallest) ** 0.04 : 1.1
        set logscale x
        set xrange [smallest / margin:largest * margin]
    } else {
        margin = largest > smallest ? 0.04 * (largest - smallest) : 0.1 * smallest
        unset logscale x
        set xrange [smallest - margin:largest + margin]
    }
    eval "set xtics (" . given("ticks", p) . ")"
    n = words(given("lines", p))
    plot for [k = 1:words(given("bands", p))] file(p, nth(p, "bands", k), "curve") using 1:3:4 with filledcurves \
             fillcolor rgb tint(nth(p, "bands", k)) fillstyle transparent solid 0.16 noborder, \
         for [k = 1:words(given("originals", p))] original(p, k) with linespoints pointtype 7 pointsize dot \
             dashtype (16, 8) linewidth 1.1 linecolor rgb given("original_colour", nth(p, "originals", k)), \
         for [k = 1:n_bars(p)] file(p, nth(p, "bands", k), "curve") \
             using ($3 == $3 ? $1 : NaN):2:3:4 with yerrorbars \
             pointtype 0 linewidth 1.2 linecolor rgb tint(nth(p, "bands", k)), \
         for [k = 1:n] file(p, nth(p, "lines", k), "curve") using 1:2 with linespoints \
             linewidth 1.8 linecolor rgb tint(nth(p, "lines", k)) \
             pointtype given("marker", nth(p, "lines", k)) pointsize 1.1, \
         for [k = 1:words(given("few", p))] file(p, nth(p, "few", k), "curve") using 1:($5 > 0 ? $2 : NaN) \
             with points linecolor rgb "#FFFFFF" pointtype given("marker", nth(p, "few", k)) pointsize 0.7
}

# The legend, in the free cell or below the panels.
unset border
unset tics
unset grid
unset title
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
legend_x = free_cell ? (width - (rows * columns - n_panels) * cell_width / 2) / width : 0.5
legend_y = free_cell ? 1 - (rows - 0.5) * cell_height / height : (legend_height / 2 + 40) / height
if (free_cell) {
    set key at screen legend_x, legend_y center center vertical Left reverse spacing 1.5 samplen 3
} else {
    set key at screen legend_x, legend_y center center horizontal maxcols per_row Left reverse spacing 1.4 samplen 3
}
set key textcolor rgb "#000000"
plot for [i = 1:n_lines] 2 with linespoints linewidth 1.8 linecolor rgb tint(i) \
         pointtype given("marker", i) pointsize 1.1 title given("label", i), \
     for [i = 1:n_originals] 2 with lines dashtype (16, 8) linewidth 1.1 \
         linecolor rgb given("original_tint", i) title given("original_label", i)
unset multiplot
